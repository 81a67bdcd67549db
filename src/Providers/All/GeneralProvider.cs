using Sluice.Authoring.Callbacks;
using Sluice.Authoring.CrossDag;
using Sluice.Authoring.HumanInput;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;

namespace Sluice.Providers.All;

/// <summary>What belongs to no outside system in particular.</summary>
public sealed class GeneralProvider : IProvider
{
    /// <inheritdoc/>
    public void Register(ProviderCatalog catalog)
    {
        catalog.AddOperator<EmptyOperator>();
        catalog.AddOperator<BranchOperator>();
        catalog.AddOperator<ShortCircuitOperator>();
        catalog.AddOperator<LatestOnlyOperator>();
        catalog.AddOperator<TriggerDagRunOperator>();
        catalog.AddOperator<ExternalTaskSensor>();
        catalog.AddOperator<ApprovalOperator>();
        catalog.AddOperator<HitlOperator>();
        catalog.AddOperator<SqlOperator>();
        catalog.AddOperator<SqlCheckOperator>();
        catalog.AddOperator<SqlValueCheckOperator>();
        catalog.AddOperator<SqlSensor>();
        catalog.AddOperator<TimeSensor>();
        catalog.AddNotifier<WebhookNotifier>();
        catalog.AddNotifier<SlackNotifier>();
        catalog.AddNotifier<EmailNotifier>();
    }
}
