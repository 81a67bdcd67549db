using Sluice.Storage.Migrations;

namespace Sluice.Storage.Sqlite.Migrations;

/// <summary>Brings the schema to a version, in one transaction; processes that come at the same time wait for the write lock and then find it done.</summary>
internal static class SqliteMigrator
{
    public static void Migrate(SqliteDatabase database, int upTo = int.MaxValue)
    {
        var steps = Migration.Of(typeof(SqliteMigrator).Assembly);
        database.Write(() =>
        {
            database.Statement("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)").Execute();
            var current = (int)(long)database.Statement("SELECT coalesce(max(version), 0) FROM schema_version").Scalar()!;
            if (current > steps.Count)
            {
                throw Migration.NewerSchema(database.Name, current, steps.Count);
            }

            foreach (var step in steps.Where(step => step.Version > current && step.Version <= upTo))
            {
                database.Statement(step.Sql).Execute();
                database.Statement("INSERT INTO schema_version (version, name) VALUES ($1, $2)", 2)
                    .With(0, step.Version).With(1, step.Name).Execute();
            }

            return true;
        });
    }
}
