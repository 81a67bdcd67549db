using Sluice.Authoring.Hooks;
using Sluice.Providers.Http.Operators;
using Sluice.Providers.Http.Sensors;

namespace Sluice.Providers.Http;

/// <summary>Requests to web services.</summary>
public sealed class HttpProvider : IProvider
{
    /// <inheritdoc/>
    public void Register(ProviderCatalog catalog)
    {
        catalog.AddOperator<HttpOperator>();
        catalog.AddOperator<HttpSensor>();
    }
}
