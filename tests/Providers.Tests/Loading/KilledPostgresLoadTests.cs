using Sluice.Authoring.Hooks;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Tests.Attempts;
using Sluice.Services;
using Sluice.Services.PostgresFaults;

namespace Sluice.Providers.Tests.Loading;

/// <summary>A process that loads into PostgreSQL is killed (SIGKILL) at each of its statements, from the first of its session to COMMIT and past it.</summary>
public sealed class KilledPostgresLoadTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Wherever_it_is_killed_readers_see_before_or_after_and_the_next_attempt_is_right()
    {
        await using var append = await Load.CreateAsync(LoadMethod.Append, _folder);
        await using var replace = await Load.CreateAsync(LoadMethod.Replace, _folder);
        await using var upsert = await Load.CreateAsync(LoadMethod.Upsert, _folder);

        await KilledLoad.AtEachStatementAsync([append, replace, upsert]);
    }

    private sealed class Load(LoadMethod method, TestFolder folder, PostgresProxy proxy, string database, TaskRun run) : KilledLoad(method)
    {
        internal override IReadOnlyDictionary<string, string> Connections => new Dictionary<string, string> { [$"{Method}"] = proxy.Uri(database) };

        internal override S3ToRedshiftOperator Operator => new()
        {
            Table = "t", Uri = folder.Uri($"{Method}/f.csv"), RedshiftConnectionId = $"{Method}", Method = Method, UpsertKeys = Method == LoadMethod.Upsert ? ["id"] : [],
        };

        protected override IEnumerable<string> Expected => ["CREATE TABLE", "rows", "end of rows", "COMMIT"]; // the first of the ledger

        protected override IReadOnlyList<string> Statements => proxy.Statements;

        internal static async Task<Load> CreateAsync(LoadMethod method, TestFolder folder)
        {
            Directory.CreateDirectory(folder[$"{method}"]);
            await File.WriteAllTextAsync(folder[$"{method}/f.csv"], "id,v\n1,new\n2,new\n");
            var server = await PostgresServer.StartSharedAsync();
            var database = await server.CreateDatabaseAsync();
            var run = new TaskRun().With($"{method}", server.UriOf(database));
            await run.ExecuteSqlAsync($"{method}", "CREATE TABLE t (id int, v text)");
            return new(method, folder, await PostgresProxy.StartAsync(), database, run);
        }

        public override ValueTask DisposeAsync() => proxy.DisposeAsync();

        protected override Task CleanAsync() =>
            run.ExecuteSqlAsync($"{Method}", "DROP TABLE IF EXISTS sluice_loads; DELETE FROM t; INSERT INTO t VALUES (1, 'old'), (9, 'old')");

        protected override (Task Reached, Action<bool> End) Hold(int statement)
        {
            var seen = 0;
            var pause = proxy.Pause(_ => seen++ == statement);
            return (pause.Reached, isHeard => pause.End(isHeard ? PostgresPauseEnd.GoOn : PostgresPauseEnd.CutUnheard));
        }

        protected override async Task<string> ReadAsync(string sql) =>
            string.Join(' ', (await run.QueryAsync($"{Method}", sql)).Select(row => string.Join('|', row)));

        protected override Task<string> StoreAsync() => Task.FromResult(string.Join(' ', Directory.GetFiles(folder[$"{Method}"]).Select(Path.GetFileName)));

        protected override Task RunAsync() => run.As(attempt: 2).ExecuteAsync(Operator);
    }
}
