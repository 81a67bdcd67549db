using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>What extracts and loads have seen of their rows, in a whole Sluice.</summary>
public sealed class EvidenceTests(LocalDeployment deployment) : IClassFixture<LocalDeployment>
{
    [Fact]
    public async Task A_mismatch_is_kept_with_the_try_that_failed_and_shown_place_beside_place()
    {
        var folder = Directory.CreateDirectory(Path.Combine(deployment.DagFolder, "..", "evidence")).FullName;
        var (source, target) = (Path.Combine(folder, "source.db"), Path.Combine(folder, "target.db"));
        await SqlAsync(source, "CREATE TABLE nps (id INTEGER PRIMARY KEY, score NUMERIC, note TEXT); INSERT INTO nps VALUES (1, 7, 'a'), (2, 8, NULL), (3, 9, 'c')");
        await SqlAsync(target, """
            CREATE TABLE nps (id INTEGER PRIMARY KEY, score NUMERIC, note TEXT);
            CREATE TRIGGER meddles AFTER INSERT ON nps WHEN new.id = 3 BEGIN UPDATE nps SET score = 1, note = NULL WHERE id = 3; END
            """);
        Good(await deployment.RunAsync("connections", "set", "evidence_source", $"sqlite://{source}"));
        Good(await deployment.RunAsync("connections", "set", "evidence_target", $"sqlite://{target}"));
        await File.WriteAllTextAsync(Path.Combine(deployment.DagFolder, "proves.yaml"), $$$"""
            dag_id: proves
            tasks:
              - {id: extract, operator: SqlToS3Operator, table: nps, sql_connection_id: evidence_source, uri: 'file://{{{folder}}}/nps.csv', replace: true, reconcile: checksums}
              - {id: load, operator: S3ToRedshiftOperator, table: nps, uri: 'file://{{{folder}}}/nps.csv', redshift_connection_id: evidence_target, method: replace, reconcile: checksums, depends_on: extract}
              - {id: plain, operator: ShellOperator, script: 'true'}
            """);
        var deadline = DateTime.UtcNow.AddMinutes(2);
        while (!(await deployment.RunAsync("dags", "list")).Out.Contains("proves", StringComparison.Ordinal))
        {
            Assert.True(DateTime.UtcNow < deadline, (await deployment.RunAsync("dags", "list-import-errors")).ToString());
            await Task.Delay(100);
        }

        Assert.Equal(1, (await deployment.RunAsync("runs", "trigger", "proves", "--run-id", "r", "--date", "2021-02-05", "--wait")).Code);

        var extracted = await EvidenceAsync("extract");
        Assert.Equal(["source", "manifest"], extracted.GetProperty("places").EnumerateArray().Select(place => place.GetProperty("name").GetString()));
        Assert.Empty(extracted.GetProperty("comparisons")[0].GetProperty("differences").EnumerateArray());
        await IsTheMismatchAsync();
        Assert.Equal(0L, await SqlAsync(target, "SELECT count(*) FROM nps"));

        var failed = await deployment.RunAsync("runs", "evidence", "proves");
        Assert.Equal(1, failed.Code);
        Assert.Equal(["r extract 1 source 3, manifest 3 agrees", "r load 1 manifest 3, target 3 differs (3)"], Lines(failed.Out).Skip(1).Where(line => line.Length > 0));

        await SqlAsync(target, "DROP TRIGGER meddles");
        Good(await deployment.RunAsync("tasks", "clear", "proves", "load", "r"));
        deadline = DateTime.UtcNow.AddMinutes(2);
        while (JsonDocument.Parse(Good(await deployment.RunAsync("runs", "show", "proves", "r", "--json")).Out).RootElement.GetProperty("run").GetProperty("state").GetString() != "success")
        {
            Assert.True(DateTime.UtcNow < deadline, (await deployment.RunAsync("tasks", "state", "proves", "load", "r")).ToString());
            await Task.Delay(100);
        }

        var loaded = await EvidenceAsync("load");
        Assert.Equal("3", loaded.GetProperty("places").EnumerateArray().Last().GetProperty("rows").GetRawText());
        Assert.All(loaded.GetProperty("comparisons").EnumerateArray(), pair => Assert.Empty(pair.GetProperty("differences").EnumerateArray()));
        Assert.DoesNotContain("differs", Good(await deployment.RunAsync("tasks", "evidence", "proves", "load", "2021-02-05")).Out, StringComparison.Ordinal);
        await IsTheMismatchAsync("--try", "1"); // what failed stays
        Assert.EndsWith("r load 2 manifest 3, target 3 agrees", Lines(Good(await deployment.RunAsync("runs", "evidence", "proves", "2021-02-05", "--task", "load")).Out)[1], StringComparison.Ordinal);
        Assert.Single(JsonDocument.Parse(Good(await deployment.RunAsync("runs", "evidence", "proves", "--limit", "1", "--json")).Out).RootElement.EnumerateArray());
        Assert.Contains("No task of it took evidence", Good(await deployment.RunAsync("runs", "evidence", "greets")).Out, StringComparison.Ordinal);
        foreach (var (args, says) in ((string[], string)[])[(["nosuch"], "'nosuch'"), (["proves", "nosuch"], "'nosuch'")])
        {
            var run = await deployment.RunAsync(["runs", "evidence", .. args]);
            Assert.True(run.Code == 1 && run.Error.Contains(says, StringComparison.Ordinal), run.ToString());
        }


        (string[] Args, string Says)[] wrong =
        [
            (["plain", "r"], "took no evidence: extracts and loads take it with reconcile"),
            (["load", "r", "--try", "7"], "Task 'load' has no try 7 in run 'r'."),
            (["nosuch", "r"], "has no task 'nosuch'"),
        ];
        foreach (var (args, says) in wrong)
        {
            var run = await deployment.RunAsync(["tasks", "evidence", "proves", .. args]);
            Assert.True(run.Code != 0 && run.Error.Contains(says, StringComparison.Ordinal), $"{string.Join(' ', args)}: {run}");
        }
    }

    private async Task IsTheMismatchAsync(params string[] which)
    {
        var shown = Good(await deployment.RunAsync(["tasks", "evidence", "proves", "load", "r", .. which])).Out;
        var lines = Lines(shown);
        string[] expected = ["State failed", "COLUMN WHAT MANIFEST TARGET", "rows 3 3", "id nulls 0 0", "score nulls 0 0", "min 7 1 differs", "max 9 8 differs", "note nulls 1 2 differs"];
        Assert.True(expected.All(lines.Contains), shown);
        Assert.Contains(lines, line => line.StartsWith("hash ", StringComparison.Ordinal) && line.EndsWith(" differs", StringComparison.Ordinal));
        Assert.Contains("manifest and target differ: column score has 7 as least value in the extract, 1", shown, StringComparison.Ordinal);
    }

    private async Task<JsonElement> EvidenceAsync(string task) =>
        JsonDocument.Parse(Good(await deployment.RunAsync("tasks", "evidence", "proves", task, "r", "--json")).Out).RootElement.GetProperty("evidence");

    private static async Task<object?> SqlAsync(string file, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }

    /// <summary>With single spaces.</summary>
    private static List<string> Lines(string shown) => [.. shown.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Trim())];

    private static ToolRun Good(ToolRun run)
    {
        Assert.True(run.Code == 0, run.ToString());
        return run;
    }
}
