using System.Text.Json.Serialization;

namespace Sluice.Core.Dags;

/// <summary>How one task, or each task of a group, becomes several instances (semantics.md, 12).</summary>
public sealed record MapSpec
{
    /// <summary>Most instances of a mapped task when its Dag says nothing else.</summary>
    public const int DefaultMaxLength = 1024;

    public MapMode Mode { get; init; }

    /// <summary>What it is mapped over. In a product the last one varies fastest.</summary>
    public required IReadOnlyList<MapSource> Sources { get; init; }

    /// <summary>For <see cref="MapMode.Zip"/>: JSON that stands for what the shorter sources lack; null: the shortest decides.</summary>
    public string? Fill { get; init; }

    /// <summary>Id of the mapped group; null for a task that is mapped by itself. The tasks of one group have equal specs.</summary>
    public string? Group { get; init; }

    /// <summary>How many instances come of sources of these lengths; null when there are more than an int counts.</summary>
    public int? LengthOf(IReadOnlyList<int> lengths)
    {
        switch (Mode)
        {
            case MapMode.Zip:
                return Fill is null ? lengths.Min() : lengths.Max();
            case MapMode.Product:
                var product = 1L;
                foreach (var length in lengths)
                {
                    product *= length;
                    if (product > int.MaxValue)
                    {
                        return null;
                    }
                }

                return (int)product;
            default:
                return lengths[0];
        }
    }
}

/// <summary>How several sources are put together.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MapMode>))]
public enum MapMode
{
    /// <summary>Every element of one with every element of the others.</summary>
    Product,

    /// <summary>The first with the first, the second with the second.</summary>
    Zip,

    /// <summary>One source, whose elements are objects: each holds the arguments of one instance.</summary>
    Arguments,
}

/// <summary>What is mapped over: a literal, or what an upstream task pushed.</summary>
public sealed record MapSource
{
    /// <summary>The argument that takes the elements; empty with <see cref="MapMode.Arguments"/>.</summary>
    public string Argument { get; init; } = "";

    /// <summary>A JSON array or object, for a literal.</summary>
    public string? Values { get; init; }

    /// <summary>Index of the task whose output it is, for all but literals.</summary>
    public int? Task { get; init; }

    /// <summary>Key of that output.</summary>
    public string Key { get; init; } = "return_value";

    /// <summary>Expression of the template language over <c>item</c>: the instances of elements for which it does not hold are skipped. Null: all run.</summary>
    public string? Filter { get; init; }

    /// <summary>Expression over <c>item</c> whose value takes the element's place, after <see cref="Filter"/>; null: it stays as it is.</summary>
    public string? Map { get; init; }
}
