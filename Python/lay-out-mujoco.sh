#!/usr/bin/env bash
# Lays MuJoCo's headers and library and Gymnasium's models out in .mujoco, as a package build wants them.
# usage: lay-out-mujoco.sh PYTHON FOLDER
set -euo pipefail
python=$1
folder=$2
read -r package models < <("$python" - <<'CODE'
import importlib.util, os
def place(name):
    return os.path.dirname(importlib.util.find_spec(name).origin)
print(place("mujoco"), os.path.join(place("gymnasium"), "envs", "mujoco", "assets"))
CODE
)
rm -rf "$folder.new"
mkdir -p "$folder.new/lib/pkgconfig" "$folder.new/include"
cp -R "$package/include/mujoco" "$folder.new/include/"
cp -R "$models" "$folder.new/models"
library=$(basename "$(ls "$package"/libmujoco*.so.* "$package"/libmujoco*.dylib 2> /dev/null | head -1)")
cp "$package/$library" "$folder.new/lib/"
case $library in
*.dylib)
    install_name_tool -id "@rpath/$library" "$folder.new/lib/$library"
    codesign --force --sign - "$folder.new/lib/$library"
    ln -sf "$library" "$folder.new/lib/libmujoco.dylib" ;;
*) ln -sf "$library" "$folder.new/lib/libmujoco.so" ;;
esac
cat > "$folder.new/lib/pkgconfig/mujoco.pc" <<PC
prefix=$(cd "$(dirname "$folder")" && pwd)/$(basename "$folder")
Name: mujoco
Description: MuJoCo
Version: $("$python" -c 'import importlib.metadata; print(importlib.metadata.version("mujoco"))')
Cflags: -I\${prefix}/include
Libs: -L\${prefix}/lib -lmujoco
PC
rm -rf "$folder"
mv "$folder.new" "$folder"
