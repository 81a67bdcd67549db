using Sluice.Storage.Conformance.Bundles;
using Sluice.Storage.Conformance.Journal;
using Sluice.Storage.Conformance.Leases;
using Sluice.Storage.Conformance.Migrations;
using Sluice.Storage.Conformance.ReadModel;
using Sluice.Storage.Conformance.Secrets;

namespace Sluice.Storage.Conformance.Sqlite;

public sealed class SqliteJournalTests() : JournalSuite(SqliteEngine.Instance);

public sealed class SqliteRecoveryProperty() : RecoveryProperty(SqliteEngine.Instance)
{
    protected override int Histories => 150;
}

public sealed class SqliteLeaseTests() : LeaseSuite(SqliteEngine.Instance);

public sealed class SqliteReadModelTests() : ReadModelSuite(SqliteEngine.Instance);

public sealed class SqliteBundleTests() : BundleSuite(SqliteEngine.Instance);

public sealed class SqliteSecretTests() : SecretSuite(SqliteEngine.Instance);

public sealed class SqliteMigrationTests() : MigrationSuite(SqliteEngine.Instance);

// In memory there is one store to a database, so the suites that open several do not apply.
public sealed class InMemoryRecoveryProperty() : RecoveryProperty(InMemoryEngine.Instance)
{
    protected override int Histories => 150;
}

public sealed class InMemoryReadModelTests() : ReadModelSuite(InMemoryEngine.Instance);
