using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;
using Sluice.Services.Redshift;
using Sluice.Services.S3Faults;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>Runs every command and statement of docs/guides/mysql-to-redshift.md as it stands there, with the users and grants that it tells to make; only names of machines, passwords and runs differ. What the worker and Redshift asked of S3 is held against the policies of the user and of the role.</summary>
public sealed partial class GuideCommandsTests : IDisposable
{
    private const string Role = "arn:aws:iam::123456789012:role/load";

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-e2e-guide-").FullName;
    private readonly Dictionary<string, string> _names = [];
    private readonly List<string> _ran = [];
    private readonly List<IamPolicy> _policies = [];
    private MariaDbServer _mysql = null!;

    public void Dispose() => TemporaryFolder.Delete(_folder);

    [Fact]
    public async Task A_newcomer_who_types_what_the_guide_says_has_a_month_in_Redshift()
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "guides", "mysql-to-redshift.md"));
        await using (_mysql = await MariaDbServer.StartAsync())
        {
            await using var redshift = await RedshiftServer.StartAsync();
            redshift.Settings.Attach(Role);
            await using var fetched = await S3FaultProxy.StartAsync();
            redshift.Settings.S3Endpoint = fetched.Endpoint;
            var warehouse = await redshift.CreateDatabaseAsync();
            var s3 = await S3Server.StartSharedAsync();
            Name("mysql://sluice:password@mysql.internal:3306/prod?ssl_mode=required", $"mysql://sluice:password@127.0.0.1:{_mysql.Port}/prod");
            await using var lake = await S3FaultProxy.StartAsync(); // nothing goes wrong; it knows what was asked
            Name("s3://AKIA...:secret@/?region=eu-west-1", lake.Uri);
            Name(
                "redshift://loader:password@cluster.abc.eu-west-1.redshift.amazonaws.com:5439/dev?sslmode=require&iam_role=arn:aws:iam::123456789012:role/load",
                $"redshift://loader:password@127.0.0.1:{redshift.Port}/{new Npgsql.NpgsqlConnectionStringBuilder(warehouse).Database}?iam_role={Uri.EscapeDataString(Role)}");
            Name("data-lake", await s3.CreateBucketAsync());
            Name("'...'", "'password'");
            await SetUpAsync();
            try
            {
                await using var node = await NodeProcess.StartAsync(
                    "up", "sluice", ["up", "--home", Home, "--dag-folder", Path.Combine(_folder, "examples", "nps", "dags"), "--listen", "127.0.0.1:0"]);
                await FollowAsync(guide, redshift.ConnectionString(warehouse));
                Assert.Equal(
                    (await _mysql.QueryAsync("SELECT COUNT(*), SUM(score), SUM(amount), SUM(comment = '바뀜') FROM prod.nps")).Trim().Replace('\t', '|'),
                    (string?)await Database.AskAsync(warehouse, "SELECT COUNT(*)::text || '|' || SUM(score) || '|' || SUM(amount) || '|' || COUNT(CASE WHEN comment = '바뀜' THEN 1 END) FROM raw_data.nps"));
                Assert.True(lake.Requests.Count > 100, string.Join('\n', lake.Requests));
                Assert.DoesNotContain(lake.Requests, request => !_policies[0].Allows(request)); // the worker's user
                Assert.DoesNotContain(fetched.Requests, request => !_policies[1].Allows(request)); // Redshift's role, both of whose statements are needed
                Assert.True(fetched.Requests.Count(request => request.Operation == S3Operation.Get) >= 28, string.Join('\n', fetched.Requests));
                Assert.Contains(fetched.Requests, request => request.Prefix is not null);
            }
            finally
            {
                await Database.AskAsync(warehouse, "DROP SCHEMA IF EXISTS raw_data CASCADE; DROP USER IF EXISTS loader");
            }
        }

        Assert.True(_ran.Count >= 25, string.Join('\n', _ran));
        Assert.All(_names.Keys, name => Assert.Contains(_ran, command => command.Contains(name, StringComparison.Ordinal)));
    }

    private string Home => Path.Combine(_folder, "home");

    // Blocks of the guide in their order. Those without a language are MySQL's.
    private async Task FollowAsync(string guide, string warehouse)
    {
        foreach (var block in Blocks().Matches(guide).Cast<Match>())
        {
            var (language, text) = (block.Groups["language"].Value, block.Groups["text"].Success ? block.Groups["text"].Value : block.Groups["plain"].Value);
            switch (language)
            {
                case "json":
                    _policies.Add(new(JsonNode.Parse(Named(text))!));
                    break;
                case "sql":
                    _ran.Add(text);
                    await Database.AskAsync(warehouse, Named(text));
                    break;
                case "sh":
                    foreach (var line in text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0))
                    {
                        await TypeAsync(line);
                    }

                    break;
                default:
                    _ran.Add(text);
                    await _mysql.QueryAsync("CREATE DATABASE IF NOT EXISTS prod;" + Named(text));
                    break;
            }
        }
    }

    private async Task TypeAsync(string line)
    {
        _ran.Add(line);
        if (line.Contains(" RUN", StringComparison.Ordinal))
        {
            var dag = line.Split(' ').First(word => word.StartsWith("nps_", StringComparison.Ordinal));
            var runs = JsonNode.Parse(await BashAsync($"./sluice runs list {dag} --json"))!.AsArray();
            line = line.Replace(" RUN", $" {runs.Select(run => (string)run!["run_id"]!).Order(StringComparer.Ordinal).First()}", StringComparison.Ordinal);
        }

        if (line.Contains("--max-active-runs", StringComparison.Ordinal))
        {
            await _mysql.QueryAsync("UPDATE prod.nps SET score = 10, comment = '바뀜', updated_at = '2021-02-02 12:00:00' WHERE id % 3 = 0");
        }

        string output;
        try
        {
            output = await BashAsync(Named(line));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{await BashAsync("run=$(./sluice runs list nps_full_refresh | tail -n 1 | cut -d' ' -f1); for task in extract load; do ./sluice tasks why nps_full_refresh $task $run; ./sluice tasks log nps_full_refresh $task $run; done 2>&1; true")}");
        }

        if (line.Contains("tasks evidence", StringComparison.Ordinal))
        {
            Assert.Contains("100000", output.Replace(",", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
        else if (line.Contains("watermarks set", StringComparison.Ordinal))
        {
            Assert.Contains("none -> 2021-02-02 00:00:00", output, StringComparison.Ordinal);
        }
        else if (line.Contains("watermarks show", StringComparison.Ordinal) || line.Contains("watermarks list", StringComparison.Ordinal))
        {
            Assert.Contains("2021-02-02 03:46:40.100000", output, StringComparison.Ordinal); // of the last of 100,000 rows
        }
    }

    // In the folder of a clone: its tool, its examples, and a client that finds the server.
    private async Task SetUpAsync()
    {
        Directory.CreateSymbolicLink(Path.Combine(_folder, "examples"), Path.Combine(Repository.Root, "examples"));
        var tool = Path.Combine(_folder, "sluice");
        await File.WriteAllTextAsync(tool, $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "sluice.dll")}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(tool, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    private async Task<string> BashAsync(string command)
    {
        var client = $"mariadb() {{ command mariadb --no-defaults --host=127.0.0.1 --port={_mysql.Port} --protocol=TCP --user={_mysql.User} \"$@\"; }}";
        var start = new ProcessStartInfo("bash", ["-c", $"{client}; {command}"]) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["SLUICE_HOME"], start.Environment["MYSQL_PWD"], start.Environment["COLUMNS"]) = (Home, _mysql.Password, "80");
        return await Until.ValueAsync(async () => await RunAsync(start, command), command);
    }

    // The node may still be coming up, or a Dag be on its way in.
    private static async Task<string?> RunAsync(ProcessStartInfo start, string command)
    {
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{command} did not end.");
        }

        var error = await errors;
        return process.ExitCode == 0 ? await output
            : error.Contains("No deployment is known", StringComparison.Ordinal) || error.Contains("There is no Dag", StringComparison.OrdinalIgnoreCase) ? null
            : throw new InvalidOperationException($"{command} ended with {process.ExitCode}: {error}{await output}");
    }

    private void Name(string inGuide, string here) => _names.Add(inGuide, here);

    private string Named(string text) => _names.OrderByDescending(name => name.Key.Length).Aggregate(text, (so, name) => so.Replace(name.Key, name.Value, StringComparison.Ordinal));

    [GeneratedRegex(@"^ *```(?<language>\w+)\n(?<text>.*?)^ *```|(?<plain>(^ {6}[A-Z][^\n]*\n)+)", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Blocks();
}
