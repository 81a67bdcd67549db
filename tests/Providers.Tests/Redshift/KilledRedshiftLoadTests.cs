using Sluice.Authoring.Hooks;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Tests.Attempts;

namespace Sluice.Providers.Tests.Redshift;

/// <summary>A process that loads into Redshift is killed (SIGKILL) at each of its statements, from the first of its session to COMMIT and past it.</summary>
public sealed class KilledRedshiftLoadTests
{
    [Fact]
    public async Task Wherever_it_is_killed_readers_see_before_or_after_and_the_next_attempt_is_right()
    {
        await using var append = await Load.CreateAsync(LoadMethod.Append);
        await using var replace = await Load.CreateAsync(LoadMethod.Replace);
        await using var upsert = await Load.CreateAsync(LoadMethod.Upsert);

        await KilledLoad.AtEachStatementAsync([append, replace, upsert]);
    }

    private sealed class Load(LoadMethod method, RedshiftRoad road) : KilledLoad(method)
    {
        internal override IReadOnlyDictionary<string, string> Connections => new Dictionary<string, string>
        {
            [$"{Method}"] = road.Uri2($"iam_role={RedshiftRoad.Role}"), [$"{Method}-s3"] = road.S3Uri(),
        };

        internal override S3ToRedshiftOperator Operator => new()
        {
            Table = "t", S3Bucket = road.Bucket, S3Key = "in/", RedshiftConnectionId = $"{Method}", AwsConnectionId = $"{Method}-s3", Method = Method,
            UpsertKeys = Method == LoadMethod.Upsert ? ["id"] : [], NullMarker = "\\N",
        };

        protected override IEnumerable<string> Expected => ["CREATE TABLE", "COPY", "LOCK", "COMMIT", "ANALYZE"]; // the first of the ledger, the last past COMMIT

        protected override IReadOnlyList<string> Statements => road.Server.Statements;

        internal static async Task<Load> CreateAsync(LoadMethod method)
        {
            var road = await RedshiftRoad.StartAsync();
            var load = new Load(method, road);
            foreach (var (id, uri) in load.Connections)
            {
                road.Run.With(id, uri);
            }

            await road.ReadAsync("CREATE TABLE t (id int, v varchar)");
            await road.PutAsync("in/1.csv", "id,v\n1,new\n"); // two, so that COPY needs a list
            await road.PutAsync("in/2.csv", "id,v\n2,new\n");
            return load;
        }

        public override ValueTask DisposeAsync() => road.DisposeAsync();

        protected override Task CleanAsync() => road.ReadAsync("DROP TABLE IF EXISTS sluice_loads; DELETE FROM t; INSERT INTO t VALUES (1, 'old'), (9, 'old')");

        // LOCK is for all, as in Redshift.
        protected override bool HoldsReaders(IReadOnlyList<string> statements, int statement) =>
            statement > statements.ToList().FindIndex(one => one.StartsWith("LOCK", StringComparison.Ordinal)) && statement <= statements.ToList().LastIndexOf("COMMIT");

        protected override (Task Reached, Action<bool> End) Hold(int statement)
        {
            var seen = 0;
            var pause = road.Server.Faults.Pause(_ => seen++ == statement);
            return (pause.Reached, End);

            void End(bool isHeard)
            {
                if (!isHeard)
                {
                    road.Server.Faults.DropBefore("^COMMIT");
                }

                pause.Release();
            }
        }

        protected override async Task<string> ReadAsync(string sql) => (await road.ReadAsync(sql)).Replace('\n', ' ');

        // But for lists that a killed COPY leaves and no load takes.
        protected override async Task<string> StoreAsync() => string.Join(' ', (await road.KeysAsync()).Where(key => !key.EndsWith(".manifest", StringComparison.Ordinal)));

        protected override Task RunAsync() => road.Run.As(attempt: 2).ExecuteAsync(Operator);
    }
}
