# Sourced by ./run, ./test, ./manage and ./bench, with LOCK set to a lock file: leaves in PYTHON the interpreter
# of a virtual environment that holds exactly what the lock names. POSIX sh; needs Python 3.11 and nothing else.
set -eu

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

CALLED_FROM=$PWD
case ${ANYE_HOME:-} in '' | /*) ;; *) export ANYE_HOME="$PWD/$ANYE_HOME" ;; esac
cd "$(dirname "$0")"
export PYTHONUTF8=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
VENV=.venv
PYTHON=$PWD/$VENV/bin/python
STAMP=$VENV/.installed-$LOCK

find_python() {
    for name in python3.11 python3.12 python3.13 python3.14 python3 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
}

install_locked() {
    found=$(find_python)
    [ -n "$found" ] || fail "needs Python 3.11 or newer, and none is on the PATH."
    free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge 600 ] || fail "the disk is full: $free MiB free at $PWD, 600 needed to install the libraries."
    log=${TMPDIR:-/tmp}/anye-install-$$.log
    trap 'rm -f "$log"' EXIT # after a failure; the caller ends in exec
    echo "Installing the locked libraries into $VENV (once; up to a minute)…"
    if [ -x "$PYTHON" ] && ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        rm -rf "$VENV" # made by an interpreter that is gone or too old
    fi
    if command -v uv >/dev/null 2>&1; then
        { [ -x "$PYTHON" ] || UV_PYTHON_DOWNLOADS=never uv venv -q --python "$found" "$VENV"; } >"$log" 2>&1 &&
            uv pip install -q --python "$PYTHON" --require-hashes --only-binary :all: -r "$LOCK" >>"$log" 2>&1 ||
            fail "uv could not install $LOCK: $(tail -n 1 "$log")"
        rm -f "$log"
        return
    fi
    # Debian splits pip off the venv module: then the environment is made without it and filled from outside.
    [ -x "$PYTHON" ] || "$found" -m venv "$VENV" >"$log" 2>&1 ||
        { rm -rf "$VENV" && "$found" -m venv --without-pip "$VENV" >"$log" 2>&1; } ||
        fail "could not make a virtual environment: $(tail -n 1 "$log")"
    if "$PYTHON" -m pip --version >/dev/null 2>&1; then
        set -- "$PYTHON" -m pip install
    elif "$found" -m pip --python "$PYTHON" --version >/dev/null 2>&1; then
        set -- "$found" -m pip --python "$PYTHON" install
    else
        fail "$found has no pip: install pip (Debian: python3-pip or python3-venv) or uv, then start again."
    fi
    "$@" -q --require-hashes --only-binary :all: -r "$LOCK" >"$log" 2>&1 ||
        fail "pip could not install $LOCK: $(grep -m 1 -i error "$log" || tail -n 1 "$log")"
    rm -f "$log"
}

is_installed() {
    [ -x "$PYTHON" ] && [ -f "$STAMP" ] && cmp -s "$STAMP" "$LOCK"
}

if ! is_installed; then
    # Two commands started together must not both install.
    if command -v flock >/dev/null 2>&1; then
        exec 9>.venv.lock
        flock 9
    fi
    is_installed || { install_locked && cp "$LOCK" "$STAMP"; }
    exec 9>&-
fi
