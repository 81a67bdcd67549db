using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sluice.Services;

namespace Sluice.Bench;

/// <summary>MySQL to S3 to PostgreSQL with a table of eight typed columns, each step next to what the databases' own clients make of it in the same run.</summary>
internal sealed class TransferMeasurements(long rows, int repeats, Action<string> progress)
{
    private const string Columns = "id bigint PRIMARY KEY, user_id integer, score smallint, amount numeric(12,2), channel text, comment text, created_at timestamp, updated_at timestamp";

    /// <summary>A fiftieth of the rows, in both databases: a runner has run such tasks before, a step that has just started has not.</summary>
    private const string WarmTable = "nps_warm";

    /// <summary>Of the limit's rows a second, as the goals ask.</summary>
    private const double Share = 0.85;

    // As Runner.csproj and the worker set them.
    private static readonly Dictionary<string, string> RuntimeOfRunners = new()
    {
        ["DOTNET_TieredPGO"] = "0", ["DOTNET_gcConcurrent"] = "0", ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0", ["DOTNET_EnableDiagnostics"] = "0",
    };

    private readonly List<Figure> _figures = [];

    public async Task<IReadOnlyList<Figure>> AllAsync()
    {
        await using var mysql = await MariaDbServer.StartAsync("--innodb-buffer-pool-size=2G");
        await using var postgres = await PostgresServer.StartAsync(durable: true, "shared_buffers=512MB", "max_wal_size=8GB");
        await using var s3 = await S3Server.StartAsync();
        var bucket = await s3.CreateBucketAsync();
        var warehouse = await postgres.CreateDatabaseAsync();
        var connections = JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["shop"] = mysql.Uri("prod"),
            ["warehouse"] = postgres.UriOf(warehouse),
            ["s3"] = $"s3://{s3.AccessKey}:{s3.SecretKey}@/?endpoint_url={Uri.EscapeDataString(s3.Endpoint.ToString().TrimEnd('/'))}&region={s3.Region}",
        });
        progress($"making {rows:N0} rows");
        await mysql.QueryAsync($"SET @rows = {rows};\n" + await File.ReadAllTextAsync(Path.Combine(Repository.Root, "examples", "nps", "nps.sql")));
        await mysql.QueryAsync($"CREATE TABLE prod.{WarmTable} LIKE prod.nps; INSERT INTO prod.{WarmTable} SELECT * FROM prod.nps WHERE id <= {rows / 50}");
        var folder = Directory.CreateTempSubdirectory("sluice-bench-");
        try
        {
            var csv = Path.Combine(folder.FullName, "nps.csv");
            var client = $"mariadb --no-defaults -h 127.0.0.1 -P {mysql.Port} -u {mysql.User} -p{mysql.Password} --quick --batch -e 'SELECT * FROM nps' prod";
            var extract = new Dictionary<string, object>
            {
                ["table"] = "nps", ["sql_connection_id"] = "shop", ["s3_bucket"] = bucket, ["s3_key"] = "nps.csv.gz", ["aws_connection_id"] = "s3", ["replace"] = true,
            };
            var warmExtract = new Dictionary<string, object>(extract) { ["table"] = WarmTable, ["s3_key"] = "warm.csv.gz" };
            await StepAsync("SqlToS3Operator", warmExtract, connections); // what a load warms up with
            var extracts = await AgainstAsync(
                "extract to gzip CSV on S3",
                "mariadb --quick --batch | gzip -1",
                rows,
                () => ShellAsync($"{client} | gzip -1 > /dev/null"),
                () => StepAsync("SqlToS3Operator", extract, connections, warmExtract));
            var halves = $"{Half(client, $"id <= {rows / 2}")} & {Half(client, $"id > {rows / 2}")} & wait";
            var split = new Dictionary<string, object>(extract) { ["s3_key"] = "split.csv.gz", ["readers"] = 2, ["partition_by"] = "id" };
            await AgainstAsync("the same by two readers", "two of those clients, half each", rows, () => ShellAsync(halves), () => StepAsync("SqlToS3Operator", split, connections, new(split) { ["table"] = WarmTable, ["s3_key"] = "warm-split.csv.gz" }), share: null);
            var proven = new Dictionary<string, object>(extract) { ["s3_key"] = "proven.csv.gz", ["reconcile"] = "checksums" };
            Tell("the same with checksums", rows, await BestAsync(() => StepAsync("SqlToS3Operator", proven, connections, new(proven) { ["table"] = WarmTable, ["s3_key"] = "warm-proven.csv.gz" })));
            var pandas = new PandasWay(mysql, s3, bucket);
            progress("the way by pandas, with gzip, then plain");
            var zipped = await pandas.ExtractAsync("gzip");
            Tell("by pandas, with gzip", rows, zipped);
            Tell("by pandas, plain", rows, await pandas.ExtractAsync("plain"));
            _figures.Add(new("extract: times the way by pandas", zipped.Seconds / Best(extracts).Seconds, "", 5, HigherIsBetter: true));

            // What each part of the way costs: without the store, then without gzip.
            foreach (var (what, file) in ((string, string)[])[("the same into a folder", $"{csv}.gz"), ("the same into a folder, not compressed", csv)])
            {
                progress(what);
                Tell(what, rows, await BestAsync(() => StepAsync("SqlToS3Operator", Into(file, "nps"), connections, Into(file.Replace("nps.csv", "warm.csv", StringComparison.Ordinal), WarmTable))));
            }

            var upload = await BestAsync(() => StepAsync("S3CopyOperator", new() { ["source_uri"] = $"file://{csv}", ["destination_uri"] = $"s3://{bucket}/upload.csv", ["source_connection_id"] = "s3", ["replace"] = true }, connections));
            _figures.Add(new("upload of the plain CSV to S3", new FileInfo(csv).Length / 1e6 / upload.Seconds, "MB/s"));
            await ExecuteAsync(warehouse, $"CREATE TABLE nps ({Columns}); CREATE TABLE nps_copy ({Columns}); CREATE TABLE nps_pandas ({Columns}); CREATE TABLE {WarmTable} ({Columns})");
            var psql = $"psql -q -v ON_ERROR_STOP=1 '{postgres.UriOf(warehouse)}'";
            var load = new Dictionary<string, object>
            {
                ["table"] = "nps", ["s3_bucket"] = bucket, ["s3_key"] = "nps.csv.gz", ["aws_connection_id"] = "s3", ["postgres_connection_id"] = "warehouse", ["method"] = "replace",
            };
            var warmLoad = new Dictionary<string, object>(load) { ["table"] = WarmTable, ["s3_key"] = "warm.csv.gz" };
            var transfer = new Dictionary<string, object>
            {
                ["extract"] = new Dictionary<string, object>(extract) { ["s3_key"] = "both.csv.gz" },
                ["load"] = new Dictionary<string, object> { ["operator"] = "S3ToPostgresOperator", ["table"] = "nps", ["aws_connection_id"] = "s3", ["postgres_connection_id"] = "warehouse", ["method"] = "replace" },
            };
            var warmTransfer = new Dictionary<string, object>
            {
                ["extract"] = new Dictionary<string, object>(extract) { ["table"] = WarmTable, ["s3_key"] = "warm-both.csv.gz" },
                ["load"] = new Dictionary<string, object>((Dictionary<string, object>)transfer["load"]) { ["table"] = WarmTable },
            };
            const string limitName = "psql \\copy, key in place";
            (string, Func<Task<StepResult>>) oneHalf = ("full refresh of PostgreSQL from S3", () => EmptyAsync(warehouse, () => StepAsync("S3ToPostgresOperator", load, connections, warmLoad)));
            (string, Func<Task<StepResult>>) bothHalves = ("both at once", () => EmptyAsync(warehouse, () => StepAsync("TransferOperator", transfer, connections, warmTransfer)));
            var taken = await InTurnsAsync(
                repeats,
                (limitName, async () =>
                {
                    await ExecuteAsync(warehouse, "TRUNCATE nps_copy");
                    return await ShellAsync($"{psql} -c \"\\copy nps_copy FROM '{csv}' CSV HEADER\"");
                }),
                oneHalf,
                bothHalves);
            TellAgainst("full refresh of PostgreSQL from S3", limitName, rows, taken[0], taken[1], Share);

            // A load alone takes half as long again in some other minute, which is more than what is asked of the two.
            var more = await InTurnsAsync(3 * repeats, oneHalf, bothHalves);
            TellBoth(extracts, [.. taken[1], .. more[0]], [.. taken[2], .. more[1]]);
            progress("the way by pandas");
            Tell("by pandas, a fiftieth of the rows", rows / 50, await pandas.LoadAsync(csv, postgres.UriOf(warehouse), rows / 50));

            progress("changing a tenth of the rows");
            await mysql.QueryAsync("UPDATE prod.nps SET score = 10, comment = CONCAT('changed ', id) WHERE id % 10 = 3");
            var changed = new Dictionary<string, object>(extract) { ["table"] = "", ["query"] = "SELECT * FROM nps WHERE id % 10 = 3", ["s3_key"] = "changed.csv.gz" };
            await StepAsync("SqlToS3Operator", changed, connections);
            await StepAsync("SqlToS3Operator", new(changed) { ["s3_bucket"] = "", ["s3_key"] = "", ["uri"] = $"file://{csv}" }, connections);
            var names = Columns.Split(", ").Select(column => column.Split(' ')[0]).Skip(1).ToList();
            var merge = $"INSERT INTO nps_copy SELECT * FROM changed ON CONFLICT (id) DO UPDATE SET {string.Join(", ", names.Select(name => $"{name} = EXCLUDED.{name}"))}";
            await AgainstAsync(
                "upsert of a tenth of the rows from S3",
                "psql \\copy and INSERT ON CONFLICT",
                rows / 10,
                () => ShellAsync($"{psql} -c 'CREATE TEMP TABLE changed (LIKE nps_copy)' -c \"\\copy changed FROM '{csv}' CSV HEADER\" -c 'ANALYZE changed' -c '{merge}'"),
                () => StepAsync("S3ToPostgresOperator", new(load) { ["s3_key"] = "changed.csv.gz", ["method"] = "upsert" }, connections, new(warmLoad) { ["method"] = "upsert" }),
                share: null);
            _figures.Add(new("most memory of any step", _peak, "MB", 250));
            progress("the same by tasks of a worker");
            _figures.Add(new("most memory of a worker that runs them", await WorkerTransfer.PeakMegabytesAsync(extract, load, transfer, connections, progress), "MB", 250));
            return _figures;

            Dictionary<string, object> Into(string file, string table) =>
                new(extract) { ["table"] = table, ["s3_bucket"] = "", ["s3_key"] = "", ["uri"] = $"file://{file}" };
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private double _peak;

    private async Task<IReadOnlyList<StepResult>> AgainstAsync(
        string what, string limitName, long count, Func<Task<StepResult>> limit, Func<Task<StepResult>> own, double? share = Share)
    {
        var taken = await InTurnsAsync(repeats, (limitName, limit), (what, own));
        TellAgainst(what, limitName, count, taken[0], taken[1], share);
        return taken[1];
    }

    // They take turns, so that whatever else the machine does meets all of them.
    private async Task<IReadOnlyList<IReadOnlyList<StepResult>>> InTurnsAsync(int times, params IReadOnlyList<(string What, Func<Task<StepResult>> Take)> ways)
    {
        var taken = ways.Select(_ => new List<StepResult>()).ToList();
        for (var time = 0; time < times; time++)
        {
            foreach (var ((what, take), results) in ways.Zip(taken))
            {
                progress($"{what} ({time + 1} of {times})");
                results.Add(await take());
            }
        }

        return taken;
    }

    private void TellAgainst(string what, string limitName, long count, IReadOnlyList<StepResult> limits, IReadOnlyList<StepResult> owns, double? share)
    {
        var (limit, best) = (Best(limits), Best(owns));
        _figures.Add(new($"limit: {limitName}", count / limit.Seconds, "rows/s"));
        Tell(what, count, best);
        _figures.Add(new($"{what}: share of the limit", limit.Seconds / best.Seconds, "", share, HigherIsBetter: true));
    }

    // By the medians: of few runs the best of each may be of different minutes of the machine.
    private void TellBoth(IReadOnlyList<StepResult> extracts, IReadOnlyList<StepResult> loads, IReadOnlyList<StepResult> both)
    {
        Tell("from MySQL to PostgreSQL, both at once", rows, Best(both));
        var slower = Math.Max(Median(extracts), Median(loads));
        _figures.Add(new("both at once: times the slower half", Median(both) / slower, "", 1.15, Parts: new Dictionary<string, double>
        {
            ["median seconds of both"] = Median(both),
            ["median seconds of the slower half"] = slower,
            ["turns"] = both.Count,
            ["by the means"] = both.Average(one => one.Seconds) / Math.Max(extracts.Average(one => one.Seconds), loads.Average(one => one.Seconds)),
            ["by the best of each"] = Best(both).Seconds / Math.Max(Best(extracts).Seconds, Best(loads).Seconds),
        }));
    }

    private static StepResult Best(IReadOnlyList<StepResult> all) => all.MinBy(one => one.Seconds)!;

    private static double Median(IReadOnlyList<StepResult> all)
    {
        var seconds = all.Select(one => one.Seconds).Order().ToList();
        return (seconds[(seconds.Count - 1) / 2] + seconds[seconds.Count / 2]) / 2;
    }

    private void Tell(string what, long count, StepResult step)
    {
        _figures.Add(new(what, count / step.Seconds, "rows/s", null, Parts: new Dictionary<string, double> { ["seconds"] = step.Seconds, ["CPU seconds"] = step.Cpu, ["MB resident"] = step.PeakMegabytes }));
    }

    private async Task<StepResult> BestAsync(Func<Task<StepResult>> step)
    {
        var all = new List<StepResult>();
        for (var time = 0; time < repeats; time++)
        {
            all.Add(await step());
        }

        return Best(all);
    }

    private static async Task<StepResult> EmptyAsync(string warehouse, Func<Task<StepResult>> step)
    {
        await ExecuteAsync(warehouse, "TRUNCATE nps");
        return await step();
    }

    private static string Half(string client, string condition) => $"({client.Replace("FROM nps", $"FROM nps WHERE {condition}", StringComparison.Ordinal)} | gzip -1 > /dev/null)";

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<StepResult> ShellAsync(string command)
    {
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", $"set -o pipefail; {command}"]))!;
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? new(clock.Elapsed.TotalSeconds, 0, 0, "") : throw new InvalidOperationException($"{command} ended with {process.ExitCode}.");
    }

    private async Task<StepResult> StepAsync(string step, Dictionary<string, object> arguments, string connections, Dictionary<string, object>? warm = null)
    {
        var dll = Path.Combine(AppContext.BaseDirectory, "Sluice.Bench.dll");
        var start = new ProcessStartInfo("dotnet", [dll, TransferStep.Verb, step, JsonSerializer.Serialize(arguments), connections, .. warm is null ? Array.Empty<string>() : [JsonSerializer.Serialize(warm)]]) { RedirectStandardOutput = true };
        foreach (var (name, value) in RuntimeOfRunners)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{step} ended with {process.ExitCode}."));
        }

        var result = JsonSerializer.Deserialize<StepResult>(output)!;
        _peak = Math.Max(_peak, result.PeakMegabytes);
        return result;
    }
}
