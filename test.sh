#!/usr/bin/env bash
# Installs what the tests need (Debian), builds everything and runs all tests, or those of the projects whose name contains $1.
# The last line is "N passed, N failed", with ", N skipped" when there are any.
set -uo pipefail

self=$(readlink -f -- "${BASH_SOURCE[0]}")
cd -- "${self%/*}" || exit 1
filter=${1:-}
results=artifacts/test-results

finish() {
    local line="$1 passed, $2 failed"
    [ "$3" -eq 0 ] || line+=", $3 skipped"
    echo "$line"
    [ "$2" -eq 0 ] && [ "$1" -gt 0 ]
    exit $?
}

give_up() {
    echo "test.sh: $1" >&2
    finish 0 1 0
}

install_missing() {
    local packages=()
    [ -x /usr/sbin/mariadbd ] || packages+=(mariadb-server)
    ldconfig -p 2>/dev/null | grep -q 'libmariadb\.so\.3' || /sbin/ldconfig -p | grep -q 'libmariadb\.so\.3' || packages+=(libmariadb3)
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || packages+=(postgresql)
    command -v ip >/dev/null || [ -x /usr/sbin/ip ] || packages+=(iproute2)
    command -v node >/dev/null || packages+=(nodejs)
    command -v npm >/dev/null || packages+=(npm)
    /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || packages+=(python3-aiosmtpd)
    if grep -qs Microsoft.Playwright tests/*/*.csproj; then
        command -v chromium >/dev/null || packages+=(chromium)
    fi
    [ ${#packages[@]} -gt 0 ] || return 0

    command -v apt-get >/dev/null || give_up "please install ${packages[*]}; this machine has no apt-get."
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || give_up "please install ${packages[*]} as root; there is no sudo."
        as_root=(sudo)
    fi
    echo "Installing ${packages[*]}"
    # The servers of the packages are not wanted, only their programs: the tests start their own.
    { "${as_root[@]}" apt-get update -q && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${packages[@]}"; } >"$results/install.log" 2>&1 \
        || { tail -n 20 "$results/install.log" >&2; give_up "apt-get could not install ${packages[*]}."; }
}

# Some tests put nodes on hosts of their own: network namespaces. Where the machine refuses them those tests are skipped, with the reason.
check_namespaces() {
    local name="sluice-probe-$$" said
    if said=$(PATH=$PATH:/usr/sbin:/sbin; ip netns add "$name" 2>&1 && ip -n "$name" link add slprobe0 type veth peer name slprobe1 2>&1); then
        PATH=$PATH:/usr/sbin:/sbin ip netns del "$name"
        return 0
    fi
    PATH=$PATH:/usr/sbin:/sbin ip netns del "$name" 2>/dev/null
    export SLUICE_NO_NAMESPACES="This machine does not allow network namespaces: ${said##*$'\n'}"
    echo "test.sh: tests of network failures are SKIPPED. $SLUICE_NO_NAMESPACES Run as root where 'ip netns add' works."
}

# What the test runner and killed processes leave among the temporary files goes with this run. Servers that do not run as root must get through to their folders.
make_temporary() {
    temporary=$(mktemp -d -t sluice-tests-XXXXXX) && chmod 711 "$temporary" || give_up "there can be no folder for temporary files in ${TMPDIR:-/tmp}."
    trap 'rm -rf -- "$temporary" 2>/dev/null || { sleep 5; rm -rf -- "$temporary"; }' EXIT
}

counter() { sed -n "s/.*<Counters[^>]* $1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1; }

# One test project: writes its result to NAME.trx and one line to NAME.sum.
run_project() {
    local project=$1 name started=$SECONDS code passed failed skipped total executed trx
    name=$(basename "$project" .csproj)
    trx=$PWD/$results/$name.trx
    # No MSBuild node may live on in the folder for temporary files, which goes.
    TMPDIR=$temporary MSBUILDDISABLENODEREUSE=1 timeout --kill-after=30 1800 dotnet test "$project" --no-build --nologo --logger "trx;LogFileName=$trx" >"$results/$name.log" 2>&1 </dev/null
    code=$?
    passed=0 failed=0 skipped=0
    if [ -f "$trx" ]; then
        passed=$(counter passed "$trx") failed=$(counter failed "$trx")
        total=$(counter total "$trx") executed=$(counter executed "$trx")
        skipped=$((total - executed))
    fi
    # Also when the process of the tests crashed or hung: then no test tells of it.
    if [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
    if [ $((passed + failed + skipped)) -eq 0 ]; then
        echo "No test ran." >>"$results/$name.log"
        failed=1 code=1
    fi
    echo "$passed $failed $skipped" >"$results/$name.sum"
    printf '%-28s %4d passed, %d failed, %d skipped in %d s\n' "$name" "$passed" "$failed" "$skipped" $((SECONDS - started))
    [ "$failed" -eq 0 ] || grep -vE '^\s*(Test run for|VSTest|A total of|Starting test)' "$results/$name.log" | tail -n 200
}

rm -rf "$results" && mkdir -p "$results"
command -v dotnet >/dev/null && dotnet --list-sdks | grep -q '^10\.' \
    || give_up "the .NET 10 SDK is not installed; get it from https://dotnet.microsoft.com/download/dotnet/10.0."
install_missing
node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)' \
    || give_up "the web pages are built by Node.js 20.19, 22.12 or later; here is $(node --version)."
check_namespaces
make_temporary

if [ ! -f tests/Services/s3/node_modules/.package-lock.json ] || [ tests/Services/s3/package-lock.json -nt tests/Services/s3/node_modules/.package-lock.json ]; then
    echo "Installing the npm packages of tests/Services/s3"
    (cd tests/Services/s3 && npm ci) >"$results/npm.log" 2>&1 || { tail -n 20 "$results/npm.log" >&2; give_up "npm ci failed in tests/Services/s3."; }
fi

projects=()
for project in tests/*/*.csproj; do
    if [[ $(basename "$project" .csproj) == *"$filter"* ]] && ! grep -q '<IsTestProject>false' "$project"; then
        projects+=("$project")
    fi
done
[ ${#projects[@]} -gt 0 ] || give_up "no test project has '$filter' in its name."

echo "Building"
started=$SECONDS
# For some projects only these are built, with what they need.
targets=(Sluice.slnx)
[ -z "$filter" ] || targets=("${projects[@]}")
for target in "${targets[@]}"; do
    dotnet build "$target" --nologo --verbosity quiet -warnaserror >"$results/build.log" 2>&1 </dev/null \
        || { tail -n 60 "$results/build.log" >&2; give_up "the build of $target failed."; }
done
echo "Built in $((SECONDS - started)) s"

# Most projects wait for servers and timers more than they compute: one a core.
for project in "${projects[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    run_project "$project" &
done
wait

# Once more at the end, where it is looked for first: each failed test with what it said.
for project in "${projects[@]}"; do
    log=$results/$(basename "$project" .csproj).log
    if grep -qE '^ +(Failed|X) .*\[[^]]*\]$|\[FAIL\]' "$log"; then
        echo "$(basename "$project" .csproj) failed:"
        grep -E -A 6 '^ +Failed .*\[[^]]*\]$' "$log" | cut -c 1-300 | head -n 60
    fi
done

passed=0 failed=0 skipped=0
for project in "${projects[@]}"; do
    read -r p f s <"$results/$(basename "$project" .csproj).sum" || { p=0 f=1 s=0; }
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
finish "$passed" "$failed" "$skipped"
