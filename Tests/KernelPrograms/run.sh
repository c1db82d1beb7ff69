#!/bin/sh
# Builds and runs the programs of this folder, from the kernels' sources and nothing else.
#
#   run.sh forms               every form of the kernels that can run here gives the same bits; on x86-64 Linux the Arm
#                              forms run under an emulator, which apt-get installs where it is missing
#   run.sh training FOLDER     the programs that the tests wrote into a folder train to the same variables in every form,
#                              with one thread and with two; likewise
#   run.sh accuracy [ARG...]   the largest error of every function; see accuracy.c
set -eu

folder=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$folder/../.." && pwd)
kernels=$root/Sources/CTelosKernels
out=$root/.build/kernel-programs
mkdir -p "$out"

clang=${CLANG:-$(command -v clang || true)}
if [ -z "$clang" ] && command -v swift > /dev/null; then
    clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
fi
if ! "$clang" --version > /dev/null 2>&1; then
    echo "error: there is no 'clang'; it comes with the Swift toolchain, or name one with CLANG=path" >&2
    exit 1
fi

# compile PROGRAM OUTPUT [OPTION...]: optimised as a release build is; every opcode must be handled.
compile() {
    program=$1 output=$2
    shift 2
    "$clang" -O2 -std=gnu17 -Wall -Wextra -Werror=switch "$@" -I"$kernels/include" "$kernels"/*.c \
        "$folder/$program.c" -o "$output" -lm -lpthread
}

# The tools for another architecture: a linker, the C library for it, an emulator.
install_emulator() {
    emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static || true)
    if [ -n "$emulator" ] && command -v aarch64-linux-gnu-gcc > /dev/null; then return; fi
    packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
    if ! command -v apt-get > /dev/null; then
        echo "error: install a cross compiler and C library for aarch64 and qemu-aarch64; there is no apt-get" >&2
        exit 1
    fi
    if [ "$(id -u)" = 0 ]; then as_root=
    elif command -v sudo > /dev/null; then as_root=sudo
    else
        echo "error: as root, run: apt-get install $packages" >&2
        exit 1
    fi
    echo "installing $packages"
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $packages
    emulator=$(command -v qemu-aarch64)
}

reference=
differs=0
# print_form NAME ARCHITECTURE COMMAND...: runs one form and compares its lines with those of the first.
print_form() {
    form=$1 lines=$out/$program-$2-$1.txt label="$2 $1"
    shift 2
    status=0
    "$@" "$form" > "$lines" || status=$?
    if [ $status = 3 ]; then return; fi
    if [ $status != 0 ]; then
        echo "$label: failed with exit code $status"
        differs=1
    elif [ -z "$reference" ]; then
        reference=$lines
        echo "$label: $(wc -l < "$lines" | tr -d ' ') results"
    elif cmp -s "$reference" "$lines"; then
        echo "$label: the same"
    else
        echo "$label: $(diff "$reference" "$lines" | grep -c '^>') results differ, the first of them:"
        diff "$reference" "$lines" | grep '^[<>]' | head -n 6
        differs=1
    fi
}

# compare_forms PROGRAM [ARG...]
compare_forms() {
    program=$1
    shift
    machine=$(uname -m)
    compile "$program" "$out/$program"
    case $machine in
    x86_64 | amd64) native="scalar avx2 avx512" ;;
    aarch64 | arm64) native="scalar neon" ;;
    *) native=scalar ;;
    esac
    for form in $native; do print_form "$form" "$machine" "$out/$program" "$@"; done
    if [ "$machine" = x86_64 ] && [ "$(uname)" = Linux ]; then
        install_emulator
        compile "$program" "$out/$program-aarch64" --target=aarch64-linux-gnu -static
        for form in scalar neon; do print_form "$form" aarch64 "$emulator" "$out/$program-aarch64" "$@"; done
    fi
    exit $differs
}

command=${1:-}
case $command in
forms) compare_forms forms ;;
training)
    images=${2:-}
    if [ ! -d "$images" ] || [ -z "$(ls "$images"/*.image 2> /dev/null)" ]; then
        echo "error: there is no image in '$images'; make test-neon writes them" >&2
        exit 2
    fi
    compare_forms replay "$images"/*.image
    ;;
accuracy)
    shift
    compile accuracy "$out/accuracy"
    exec "$out/accuracy" "$@"
    ;;
*)
    echo "usage: run.sh forms | run.sh training FOLDER | run.sh accuracy [--stride N] [NAME...]" >&2
    exit 2
    ;;
esac
