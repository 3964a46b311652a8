-- Rows, indexes, joins, text and blobs, sorted and grouped; a few rollbacks.
CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT, town INTEGER, note BLOB);
CREATE TABLE town(id INTEGER PRIMARY KEY, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO town SELECT i, printf('town %d', i) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
INSERT INTO person SELECT i, printf('%x-%d', i * 2654435761 % 1000003, i), i * 7919 % 200 + 1, zeroblob(i % 400) FROM n;
CREATE INDEX by_name ON person(name);
SELECT count(*), sum(length(name)), sum(length(note)) FROM person;
SELECT town.name, count(*), group_concat(substr(person.name, 1, 3), '') FROM person JOIN town ON town.id = person.town
    WHERE person.id % 50 = 0 GROUP BY town.id ORDER BY 2 DESC, 1 LIMIT 20;
BEGIN;
DELETE FROM person WHERE id % 3 = 0;
ROLLBACK;
DELETE FROM person WHERE id % 3 = 1;
SELECT count(*), min(name), max(name) FROM person;
SELECT a.name FROM person a JOIN person b ON a.name < b.name AND b.id = a.id + 999 ORDER BY a.name DESC LIMIT 5;
VACUUM;
PRAGMA integrity_check;
