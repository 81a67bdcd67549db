using Sluice.Authoring.Hooks;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Aws.Sensors;

namespace Sluice.Providers.Aws;

/// <summary>S3 and Redshift, and the operators of the main road.</summary>
public sealed class AwsProvider : IProvider
{
    /// <inheritdoc/>
    public void Register(ProviderCatalog catalog)
    {
        catalog.AddOperator<SqlToS3Operator>();
        catalog.AddOperator<S3ToRedshiftOperator>();
        catalog.AddOperator<S3KeySensor>();
    }
}
