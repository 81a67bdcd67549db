using System.Text.Json.Serialization;
using Sluice.Core.DagRuns;

namespace Sluice.Runner.Protocol;

/// <summary>The facts of runs as JSON between worker and runner: sent once per run, not per task.</summary>
[JsonSerializable(typeof(RunFacts))]
internal sealed partial class RunnerJson : JsonSerializerContext;
