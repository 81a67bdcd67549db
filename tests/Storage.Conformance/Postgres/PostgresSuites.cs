using Sluice.Storage.Conformance.Bundles;
using Sluice.Storage.Conformance.Journal;
using Sluice.Storage.Conformance.Leases;
using Sluice.Storage.Conformance.Migrations;
using Sluice.Storage.Conformance.ReadModel;
using Sluice.Storage.Conformance.Secrets;

namespace Sluice.Storage.Conformance.Postgres;

public sealed class PostgresJournalTests() : JournalSuite(PostgresEngine.Instance);

public sealed class PostgresRecoveryProperty() : RecoveryProperty(PostgresEngine.Instance)
{
    protected override int Histories => 40;
}

public sealed class PostgresLeaseTests() : LeaseSuite(PostgresEngine.Instance);

public sealed class PostgresReadModelTests() : ReadModelSuite(PostgresEngine.Instance);

public sealed class PostgresBundleTests() : BundleSuite(PostgresEngine.Instance);

public sealed class PostgresSecretTests() : SecretSuite(PostgresEngine.Instance);

public sealed class PostgresMigrationTests() : MigrationSuite(PostgresEngine.Instance);
