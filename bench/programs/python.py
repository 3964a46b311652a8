"""Parses its own library, turns documents into JSON and back, and keeps a world of objects."""
import ast
import json
import random


class Actor:
    def __init__(self, number):
        self.name, self.position, self.items = "actor %d" % number, [number, 0.0], {}

    def act(self, world, dice):
        self.position[1] += dice.random()
        self.items[dice.randrange(40)] = self.name + str(len(world))


def parse():
    with open(json.__file__.replace("__init__", "decoder")) as file:
        text = file.read()
    return [ast.dump(ast.parse(text)) for _ in range(4)]


def documents(dice):
    rows = [{"id": i, "tags": [str(dice.random()) for _ in range(i % 6)], "text": "x" * (i % 200)}
            for i in range(7000)]
    return json.loads(json.dumps(rows))


def play(dice):
    world = [Actor(i) for i in range(900)]
    for frame in range(40):
        for actor in world:
            actor.act(world, dice)
        if frame % 7 == 0:
            world[dice.randrange(len(world))] = Actor(frame)
    return sorted(world, key=lambda actor: actor.position[1])


generator = random.Random(1)
print(len(parse()), len(documents(generator)), play(generator)[0].name)
