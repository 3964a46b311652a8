#!/usr/bin/env bash
# A repository from nothing: commits, branches, a merge, packing in threads, and a look at all of it.
set -eu
rm -rf "$1"
mkdir -p "$1"
cd "$1"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org \
    GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@example.org GIT_AUTHOR_DATE='1700000000 +0000' \
    GIT_COMMITTER_DATE='1700000000 +0000' HOME=$1
git init -q -b main .
for round in 1 2 3; do
    for i in $(seq 40); do seq "$((i * round))" "$((i * 40 + round * 100))" >"file$i"; done
    git add .
    git commit -q -m "round $round"
done
git checkout -q -b side HEAD~1
echo other >other
git add other
git commit -q -m side
git checkout -q main
git merge -q --no-edit side
git -c pack.threads=4 repack -q -a -d -f --depth=20
git fsck --full --strict 2>&1
git log --stat --format='%H %s' | sha256sum
git diff HEAD~1 HEAD~3 | sha256sum
git grep -c 77 | head -n 5
git rev-parse HEAD
