#!/usr/bin/env bash
# Measures the engine with real processes: ./bench.sh [--json] [--only embedded|cluster|slow-disk] [--measure all|tasks|idle|engine|simulate|transfer] [--slots N] [--repeats N] [--rows N]
# Exit code 1 when a goal is missed. PostgreSQL is needed for the cluster: ./test.sh installs it.
set -euo pipefail

self=$(readlink -f -- "${BASH_SOURCE[0]}")
cd -- "${self%/*}"
if [[ " $* " == *" transfer "* ]] && ! /usr/bin/python3 -c 'import boto3, pandas, psycopg2, pymysql, sqlalchemy' 2>/dev/null; then
    # The way by pandas is measured beside our own.
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -q >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        python3-boto3 python3-pandas python3-psycopg2 python3-pymysql python3-sqlalchemy >&2
fi
dotnet build bench/Bench --configuration Release --nologo --verbosity quiet >&2
exec dotnet bench/Bench/bin/Release/net10.0/Sluice.Bench.dll "$@"
