#!/usr/bin/env bash
# Schemathesis against the program with demo data, as each demo user, with the same seed every time.
#
# The first argument is the program; further ones go to `st run`. Everything else that is needed is
# put into a temporary folder, which goes at the end.
set -euo pipefail

program=$(realpath "$1")
shift
config=$(realpath "$(dirname "$0")/schemathesis.toml")
folder=$(mktemp -d "${TMPDIR:-/tmp}/medilink-schemathesis.XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5

cd "$folder"
touch said
MEDILINK_LOG=warn \
    "$program" serve --demo --profile development --bind 127.0.0.1:0 >said 2>&1 &
server=$!
base=
for _ in $(seq 100); do
    base=$(grep -oEm1 'http://127\.0\.0\.1:[0-9]+' said || true)
    [ -z "$base" ] || break
    sleep 0.2
done
[ -n "$base" ] || { cat said >&2; exit 1; }

# Tries the API in a new session of somebody; further arguments choose operations.
try_as() {
    local name=$1 password=$2 token
    shift 2
    token=$(curl --silent --fail "$base/api/v1/auth/login" --json \
        "{\"username\": \"$name\", \"password\": \"$password\"}" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["tokens"]["access"])')
    "$folder/venv/bin/st" --config-file "$config" run "$base/openapi.json" \
        --header "Authorization: Bearer $token" \
        --checks all --seed 1 --max-examples 20 --generation-database none --continue-on-failure \
        --warnings off --no-color "$@"
}

# What ends sessions has one of its own, or everything after it would be tried by somebody unknown.
ending=(log_out end_own_sessions end_session end_sessions_of_user)
failed=()
while read -r role name password; do
    echo "== as the $role"
    try_as "$name" "$password" "${ending[@]/#/--exclude-operation-id=}" "$@" || failed+=("$role")
    try_as "$name" "$password" "${ending[@]/#/--include-operation-id=}" "$@" || failed+=("$role")
done <<'PEOPLE'
administrator admin admin123
coordinator coordinator demo-coordinator
doctor chen demo-doctor
patient ada demo-patient
pharmacy pharmacy demo-pharmacy
PEOPLE

[ ${#failed[@]} = 0 ] || { echo "schemathesis has findings as: ${failed[*]}" >&2; exit 1; }
