#!/bin/bash
# Kills training at random moments (SIGKILL), resumes it, and compares the final checkpoint, byte by byte but for what
# clocks said, with that of a run that was left alone.
# usage: Tests/Kills/run.sh TELOS [KILLS [SEED]]
set -u
export LC_ALL=C
telos=$(realpath "$1")
kills=${2:-20}
RANDOM=${3:-1}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A checkpoint without what a clock said: its length (8 bytes), seconds of training, and the padding that follows.
timeless() {
    tail -c +9 "$1" | sed -E 's/\\"time\\":\{[^}]*\}//g; s/\\"seconds\\":[^,}]*//g; s/\} +/}/'
}
failures=0
for file in "$here"/*.yaml; do
    name=$(basename "$file" .yaml)
    cd "$work" && mkdir -p "$name" && cd "$name" || exit 2
    started=$(date +%s%N)
    "$telos" run "$file" --store whole > whole.log 2>&1 || { cat whole.log; exit 1; }
    whole=$((($(date +%s%N) - started) / 1000000))
    midway=0
    for ((index = 1; index <= kills; index++)); do
        rm -rf broken
        moment=$((whole * (RANDOM % 1000) / 1000))
        "$telos" run "$file" --store broken > broken.log 2>&1 &
        process=$!
        sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
        kill -9 $process 2> /dev/null
        { wait $process; } 2> /dev/null
        [ -e "broken/runs/$name-1/seed-0.safetensors" ] && midway=$((midway + 1))
        # Killed before it had a name, a run has nothing to go on from.
        if ! "$telos" resume "$name-1" --store broken > resumed.log 2>&1 && [ -e "broken/runs/$name-1" ]; then
            cat resumed.log
        elif [ ! -e "broken/runs/$name-1" ]; then
            "$telos" run "$file" --store broken > resumed.log 2>&1
        fi
        if ! cmp <(timeless "whole/runs/$name-1/seed-0.safetensors") <(timeless "broken/runs/$name-1/seed-0.safetensors")
        then
            echo "$name: killed after $moment ms of $whole, then resumed, it ends in other bytes"
            failures=$((failures + 1))
        fi
    done
    echo "$name: $kills kills within $whole ms, $midway of them after a checkpoint"
done
[ $failures = 0 ] && echo "every resumed run ends in the bytes of the one left alone" || exit 1
