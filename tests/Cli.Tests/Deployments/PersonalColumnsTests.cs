using Microsoft.Data.Sqlite;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>A Dag that tags columns as personal lets no task of it extract them as they are, however it is written.</summary>
public sealed class PersonalColumnsTests(LocalDeployment deployment) : IClassFixture<LocalDeployment>
{
    [Fact]
    public async Task What_a_Dag_tags_leaves_by_none_of_its_extracts_unless_masked()
    {
        var folder = Directory.CreateDirectory(Path.Combine(deployment.DagFolder, "..", "personal")).FullName;
        var source = Path.Combine(folder, "source.db");
        await using (var connection = new SqliteConnection($"Data Source={source};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO customers VALUES (1, 'kim@example.com')";
            await command.ExecuteNonQueryAsync();
        }

        Good(await deployment.RunAsync("connections", "set", "personal_source", $"sqlite://{source}"));
        await File.WriteAllTextAsync(Path.Combine(deployment.DagFolder, "personal_yaml.yaml"), $$"""
            dag_id: personal_yaml
            personal_columns: [customers.email]
            tasks:
              - {id: as_it_is, operator: SqlToS3Operator, query: SELECT email AS e FROM customers, sql_connection_id: personal_source, uri: 'file://{{folder}}/yaml.csv'}
              - {id: masked, operator: SqlToS3Operator, table: customers, mask: {email: 'null'}, sql_connection_id: personal_source, uri: 'file://{{folder}}/yaml_masked.csv'}
            """);
        await File.WriteAllTextAsync(Path.Combine(deployment.DagFolder, "personal_code.cs"), $$"""
            Dag.Define("personal_code", dag =>
            {
                dag.PersonalColumns("customers.email");
                dag.Add("as_it_is", new SqlToS3Operator { Query = "SELECT email AS e FROM customers", SqlConnectionId = "personal_source", Uri = "file://{{folder}}/code.csv" });
                dag.Add("masked", new SqlToS3Operator { Table = "customers", Mask = { ["email"] = "null" }, SqlConnectionId = "personal_source", Uri = "file://{{folder}}/code_masked.csv" });
            });
            """);

        foreach (var (dag, file) in ((string, string)[])[("personal_yaml", "yaml"), ("personal_code", "code")])
        {
            var deadline = DateTime.UtcNow.AddMinutes(2);
            while (!(await deployment.RunAsync("dags", "list")).Out.Contains(dag, StringComparison.Ordinal))
            {
                Assert.True(DateTime.UtcNow < deadline, (await deployment.RunAsync("dags", "list-import-errors")).ToString());
                await Task.Delay(100);
            }

            var run = await deployment.RunAsync("runs", "trigger", dag, "--run-id", "r", "--wait");

            Assert.True(run.Code == 1 && run.Out.Contains("masked: success", StringComparison.Ordinal), run.ToString());
            var state = (await deployment.RunAsync("tasks", "state", dag, "as_it_is", "r", "--json")).Out;
            Assert.Contains("customers.email", state, StringComparison.Ordinal);
            Assert.DoesNotContain("kim@example.com", state, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(folder, $"{file}.csv")));
            Assert.Equal("id,email\n1,\n", await File.ReadAllTextAsync(Path.Combine(folder, $"{file}_masked.csv")));
        }
    }

    private static void Good(ToolRun run) => Assert.True(run.Code == 0, run.ToString());
}
