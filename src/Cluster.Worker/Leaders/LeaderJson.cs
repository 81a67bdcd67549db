using System.Text.Json.Serialization;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Worker.Leaders;

/// <summary>Bodies of the requests between worker and leader.</summary>
[JsonSerializable(typeof(FetchById))]
[JsonSerializable(typeof(FetchForAttempt))]
[JsonSerializable(typeof(FetchXCom))]
[JsonSerializable(typeof(FetchLog))]
[JsonSerializable(typeof(LogContent))]
[JsonSerializable(typeof(BundleContent))]
[JsonSerializable(typeof(string))]
internal sealed partial class LeaderJson : JsonSerializerContext;
