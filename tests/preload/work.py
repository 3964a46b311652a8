"""Dictionaries, text, regular expressions, JSON, compression, garbage collection."""
import collections
import gc
import hashlib
import json
import re
import zlib

words = ["%x" % (i * 2654435761 % 1000003) for i in range(60000)]
count = collections.Counter(word[:2] for word in words)
print(sorted(count.items())[:10])
index = collections.defaultdict(list)
for position, word in enumerate(words):
    index[word].append(position)
text = json.dumps({word: places for word, places in sorted(index.items())})
print(len(text), hashlib.sha256(text.encode()).hexdigest())
assert json.loads(text) == index
print(len(re.sub(r"[0-9]+", lambda match: "<%s>" % match[0], text[:200000])))
packed = zlib.compress(text.encode(), 6)
print(len(packed), zlib.decompress(packed).decode() == text)


class Node:
    def __init__(self, other):
        self.other = other


for _ in range(20000):
    node = Node(None)
    node.other = Node(node)
print(gc.collect() >= 0)
buffer = bytearray()
for i in range(200000):
    buffer += b"%d," % i
print(hashlib.md5(buffer).hexdigest())
