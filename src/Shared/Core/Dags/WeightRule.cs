using System.Text.Json.Serialization;

namespace Sluice.Core.Dags;

/// <summary>Whose priorities a task's place among those that wait is made of (semantics.md, 8).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WeightRule>))]
public enum WeightRule
{
    /// <summary>Its own and those of all that comes after it: what most waits for goes first.</summary>
    Downstream,

    /// <summary>Its own and those of all that comes before it: what is begun is finished first.</summary>
    Upstream,

    /// <summary>Its own alone.</summary>
    Absolute,
}
