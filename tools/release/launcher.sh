#!/bin/sh
# Fedvox on the Node that it came with, whatever the machine has.
# libtorch is FEDVOX_LIBTORCH's where that is set, else the one beside this file, else that of the machine's Python.
set -eu
here=$(dirname -- "$(readlink -f -- "$0")")

# The folder of shared objects in what may be an unpacked libtorch, Python's package `torch`, or a virtual environment.
libraries_in() {
  for folder in "$1" "$1/lib" "$1"/lib/python3*/site-packages/torch/lib; do
    if [ -e "$folder/libtorch_cpu.so" ]; then
      printf '%s' "$folder"
      return
    fi
  done
}

libraries=
if [ -n "${FEDVOX_LIBTORCH:-}" ]; then
  libraries=$(libraries_in "$FEDVOX_LIBTORCH")
  if [ -z "$libraries" ]; then
    echo "error: FEDVOX_LIBTORCH is $FEDVOX_LIBTORCH, which holds no libtorch (lib/libtorch_cpu.so)" >&2
    echo "→ Set it to an unpacked libtorch, to Python's package folder torch, or to a virtual environment; or unset it." >&2
    exit 1
  fi
elif [ ! -e "$here/libtorch/lib/libtorch_cpu.so" ] && command -v python3 >/dev/null 2>&1; then
  torch=$(python3 -c 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")' 2>/dev/null || true)
  if [ -n "$torch" ]; then libraries=$(libraries_in "$torch"); fi
fi
if [ -n "$libraries" ]; then
  export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi

exec "$here/node/bin/node" "$here/node_modules/@fedvox/cli/bin/fedvox.mjs" "$@"
