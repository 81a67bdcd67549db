using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Tests.Redshift;
using Sluice.Services;

namespace Sluice.Providers.Tests.Loading;

/// <summary>What was appended is known again, wherever it stands in a list and whatever its Dag is called now.</summary>
public sealed class RememberedLoadTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Targets => ["postgres", "sqlite", "redshift"];

    [Theory, MemberData(nameof(Targets))]
    public async Task A_list_that_changes_appends_what_is_new_and_nothing_twice(string kind)
    {
        await using var target = await TargetAsync(kind);
        await target.PutAsync("a", "id\n1\n");
        await target.PutAsync("b", "id\n2\n3\n");
        await target.PutAsync("c", "id\n4\n");

        Assert.Equal(1, await LoadAsync("a", index: 0));
        Assert.Equal(2, await LoadAsync("b", index: 0, attempt: 2)); // cleared; the list is now [b, a]
        Assert.Equal(1, await LoadAsync("a", index: 1));
        Assert.Equal(2, await LoadAsync("b", index: 0, attempt: 3));
        Assert.Equal(3, await target.CountAsync());

        // Another run of the interval: what is at the place of something else may be the same under a name of that run.
        var e = await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync("c", index: 0, key: 2));
        Assert.Contains("when the list of the mapped task has changed", e.Message, StringComparison.Ordinal);
        Assert.Equal(1, await LoadAsync("c", index: 0, key: 2, again: true));
        Assert.Equal(1, await LoadAsync("a", index: 1, key: 2, again: true));
        Assert.Equal(4, await target.CountAsync());

        // Held up is who has a later attempt of the same place before it.
        Assert.Contains("which was held up", (await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync("b", index: 0, attempt: 1))).Message, StringComparison.Ordinal);

        Task<long> LoadAsync(string name, int index, int attempt = 1, long key = 1, bool again = false)
        {
            var run = target.Run.As(attempt, key);
            run.MapIndex = index;
            return target.LoadAsync(run, name, again);
        }
    }

    [Theory, MemberData(nameof(Targets))]
    public async Task A_renamed_dag_does_not_append_again(string kind)
    {
        await using var target = await TargetAsync(kind);
        await target.PutAsync("a", "id\n1\n");
        await target.PutAsync("b", "id\n2\n");
        Assert.Equal(1, await LoadAsync("a", "old", key: 1));

        Assert.Equal(1, await LoadAsync("a", "new", key: 1)); // the same run, under its Dag's new name
        Assert.Equal(1, await LoadAsync("a", "new", key: 2)); // the same objects
        Assert.Equal(1, await LoadAsync("a", "newer", key: 3, former: "old"));
        Assert.Equal(1, await target.CountAsync());
        Assert.Contains("from other objects", (await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync("b", "newer", key: 3, former: "old"))).Message, StringComparison.Ordinal);
        Assert.Contains("from other objects", (await Assert.ThrowsAsync<TaskFailedException>(() => LoadAsync("b", "new", key: 1))).Message, StringComparison.Ordinal);
        Assert.Equal(1, await LoadAsync("b", "someone else", key: 9));
        Assert.Equal(2, await target.CountAsync());

        Task<long> LoadAsync(string name, string dag, long key, string? former = null)
        {
            var run = target.Run.As(attempt: 1, key);
            (run.Dag, run.FormerDag) = (dag, former);
            return target.LoadAsync(run, name, again: false);
        }
    }

    private async Task<Target> TargetAsync(string kind)
    {
        var target = kind == "redshift"
            ? new Target(await RedshiftRoad.StartAsync(), null, null)
            : new Target(null, _folder, new TaskRun().With("db", kind == "postgres" ? await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync() : _folder.SqliteUri("t.db")));
        await target.Run.ExecuteSqlAsync("db", "CREATE TABLE t (id int)");
        return target;
    }

    private sealed class Target(RedshiftRoad? road, TestFolder? folder, TaskRun? run) : IAsyncDisposable
    {
        internal TaskRun Run => road?.Run ?? run!;

        internal async Task PutAsync(string name, string csv)
        {
            if (road is not null)
            {
                await road.PutAsync(name, csv);
            }
            else
            {
                await File.WriteAllTextAsync(folder![name], csv);
            }
        }

        internal async Task<long> LoadAsync(TaskRun run, string name, bool again)
        {
            var load = new S3ToRedshiftOperator
            {
                Table = "t",
                Uri = road is null ? folder!.Uri(name) : $"s3://{road.Bucket}/{name}",
                AwsConnectionId = road is null ? null : "s3",
                RedshiftConnectionId = "db",
                Method = LoadMethod.Append,
                AppendAgain = again,
            };
            return (await run.ExecuteAsync<LoadResult>(load)).RowsInTable;
        }

        internal async Task<long> CountAsync() => Convert.ToInt64((await Run.QueryAsync("db", "SELECT COUNT(*) FROM t"))[0][0], System.Globalization.CultureInfo.InvariantCulture);

        public ValueTask DisposeAsync() => road?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
