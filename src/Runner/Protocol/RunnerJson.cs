using System.Text.Json.Serialization;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;

namespace Sluice.Runner.Protocol;

/// <summary>What travels as JSON between worker and runner: sent once per Dag version and run, not per task.</summary>
[JsonSerializable(typeof(DagSpec))]
[JsonSerializable(typeof(RunFacts))]
internal sealed partial class RunnerJson : JsonSerializerContext;
