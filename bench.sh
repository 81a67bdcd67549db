#!/usr/bin/env bash
# Measures the engine with real processes: ./bench.sh [--json] [--only embedded|cluster|slow-disk] [--measure all|tasks|idle|engine|transfer] [--slots N] [--repeats N] [--rows N]
# Exit code 1 when a goal is missed. PostgreSQL is needed for the cluster: ./test.sh installs it.
set -euo pipefail

self=$(readlink -f -- "${BASH_SOURCE[0]}")
cd -- "${self%/*}"
dotnet build bench/Bench --configuration Release --nologo --verbosity quiet >&2
exec dotnet bench/Bench/bin/Release/net10.0/Sluice.Bench.dll "$@"
