using System.Text.Json.Serialization;
using Sluice.Core.Assets;
using Sluice.Core.CrossDag;
using Sluice.Core.DagRuns;
using Sluice.Core.HumanInput;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;
using Sluice.Core.Watermarks;

namespace Sluice.Runner.Protocol;

/// <summary>What goes as JSON between worker and runner: the facts of runs, sent once per run, and what is asked of other Dags and of people.</summary>
[JsonSerializable(typeof(RunFacts))]
[JsonSerializable(typeof(RunTrigger))]
[JsonSerializable(typeof(TriggeredRun))]
[JsonSerializable(typeof(DagQuestion))]
[JsonSerializable(typeof(DagAnswer))]
[JsonSerializable(typeof(HumanQuestion))]
[JsonSerializable(typeof(XComItemsAsked))]
[JsonSerializable(typeof(XComItems))]
[JsonSerializable(typeof(AssetEventsAsked))]
[JsonSerializable(typeof(AssetEvent[]))]
[JsonSerializable(typeof(WatermarkQuestion))]
[JsonSerializable(typeof(WatermarkAnswer))]
[JsonSerializable(typeof(WatermarkWindow))]
[JsonSerializable(typeof(RemoteJob))]
[JsonSerializable(typeof(RemoteJobAnswer))]
internal sealed partial class RunnerJson : JsonSerializerContext;

/// <summary>Which elements of which list an attempt asks its worker for.</summary>
internal sealed record XComItemsAsked(string Task, string Key, XComSlice Slice);

/// <summary>Which events an attempt asks its worker for.</summary>
internal sealed record AssetEventsAsked(string Name, bool IsAlias, int Limit, string? SourceDag);
