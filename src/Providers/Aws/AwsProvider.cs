using Sluice.Providers.Aws.Athena;
using Sluice.Providers.Aws.Glue;
using Sluice.Providers.Aws.RedshiftData;
using Sluice.Authoring.Hooks;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Aws.Redshift;
using Sluice.Providers.Aws.S3;
using Sluice.Providers.Aws.Sensors;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Aws;

/// <summary>S3 and Redshift, and the operators of the main road.</summary>
public sealed class AwsProvider : IProvider
{
    /// <inheritdoc/>
    public void Register(ProviderCatalog catalog)
    {
        catalog.AddObjectStore("s3", connection => new S3ObjectStore(connection));
        catalog.AddSql("redshift", connection => new PostgresHook(connection, PostgresHook.Redshift));
        catalog.AddLoader("redshift", connection => new RedshiftLoader(connection));
        catalog.AddOperator<SqlToS3Operator>();
        catalog.AddOperator<RedshiftToS3Operator>();
        catalog.AddOperator<S3ToRedshiftOperator>();
        catalog.AddOperator<S3ToPostgresOperator>();
        catalog.AddOperator<S3ToSqliteOperator>();
        catalog.AddOperator<TransferOperator>();
        catalog.AddOperator<S3KeySensor>();
        catalog.AddOperator<S3ListOperator>();
        catalog.AddOperator<S3CopyOperator>();
        catalog.AddOperator<S3DeleteOperator>();
        catalog.AddOperator<AthenaOperator>();
        catalog.AddOperator<AthenaSensor>();
        catalog.AddOperator<GlueJobOperator>();
        catalog.AddOperator<GlueJobSensor>();
        catalog.AddOperator<RedshiftDataOperator>();
    }
}
