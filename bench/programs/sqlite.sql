-- A small shop in memory: inserts, an index, joins, text functions, updates.
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL, tags TEXT);
CREATE TABLE sale(id INTEGER PRIMARY KEY, item INTEGER, amount INTEGER, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24000)
INSERT INTO item SELECT i, printf('item %d of %s', i, hex(i * 7919)), i % 97 * 1.25,
    substr('red,green,blue,large,small,old,new', 1 + i % 20, 1 + i % 13) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80000)
INSERT INTO sale SELECT i, 1 + (i * 31) % 24000, i % 9, printf('%.*c', i % 60, 'x') FROM n;
CREATE INDEX sale_item ON sale(item);
SELECT item.name, sum(amount * price) AS total FROM sale JOIN item ON item.id = sale.item
    GROUP BY item.id ORDER BY total DESC LIMIT 20;
SELECT upper(name) || ' ' || replace(tags, ',', ' / ') FROM item WHERE name LIKE '%7%' ORDER BY tags, name;
UPDATE sale SET note = note || (SELECT tags FROM item WHERE item.id = sale.item) WHERE id % 3 = 0;
SELECT count(DISTINCT note), max(length(note)), group_concat(DISTINCT substr(note, 1, 2)) FROM sale;
DELETE FROM sale WHERE amount < 4;
SELECT json_group_array(json_object('id', id, 'name', name, 'price', price)) FROM item WHERE id % 5 = 0;
