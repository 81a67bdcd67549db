using System.Text.Json.Serialization;

namespace Sluice.Core.Assets;

/// <summary>Which assets must have been updated for a run: one, all of several, or any of them. A closed family.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Asset), "asset")]
[JsonDerivedType(typeof(AssetAlias), "alias")]
[JsonDerivedType(typeof(AllOfAssets), "all")]
[JsonDerivedType(typeof(AnyOfAssets), "any")]
public abstract record AssetExpression
{
    private protected AssetExpression()
    {
    }

    /// <summary>The assets and aliases in it, each once, in order.</summary>
    [JsonIgnore]
    public IReadOnlyList<NamedAsset> Names => [.. Leaves().DistinctBy(leaf => leaf.Key)];

    /// <summary>All of these.</summary>
    public static AssetExpression operator &(AssetExpression left, AssetExpression right) => BitwiseAnd(left, right);

    /// <summary>Any of these.</summary>
    public static AssetExpression operator |(AssetExpression left, AssetExpression right) => BitwiseOr(left, right);

    /// <inheritdoc cref="op_BitwiseAnd"/>
    public static AssetExpression BitwiseAnd(AssetExpression left, AssetExpression right) => left.And(right);

    /// <inheritdoc cref="op_BitwiseOr"/>
    public static AssetExpression BitwiseOr(AssetExpression left, AssetExpression right) => left.Or(right);

    /// <summary>This and the other.</summary>
    public AssetExpression And(AssetExpression other) => this is AllOfAssets { Of: var mine } ? new AllOfAssets([.. mine, other]) : new AllOfAssets([this, other]);

    /// <summary>This or the other.</summary>
    public AssetExpression Or(AssetExpression other) => this is AnyOfAssets { Of: var mine } ? new AnyOfAssets([.. mine, other]) : new AnyOfAssets([this, other]);

    /// <summary>Whether these events are enough for a run.</summary>
    public abstract bool IsMetBy(IReadOnlyList<AssetEvent> events);

    /// <summary>As people write it: <c>orders &amp; (customers | clients)</c>.</summary>
    public sealed override string ToString() => Text(inside: false);

    internal abstract IEnumerable<NamedAsset> Leaves();

    internal abstract string Text(bool inside);
}

/// <summary>A leaf: an asset, or an alias of assets.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Asset), "asset")]
[JsonDerivedType(typeof(AssetAlias), "alias")]
public abstract record NamedAsset : AssetExpression
{
    private protected NamedAsset(string name) => Name = name;

    /// <summary>Unique in the deployment.</summary>
    public string Name { get; }

    /// <summary>Tells it from others: an alias and an asset of one name differ.</summary>
    [JsonIgnore]
    public (bool IsAlias, string Name) Key => (this is AssetAlias, Name);

    /// <summary>Whether an event is one of it.</summary>
    public abstract bool Has(AssetEvent happened);

    /// <inheritdoc/>
    public sealed override bool IsMetBy(IReadOnlyList<AssetEvent> events) => events.Any(Has);

    internal sealed override IEnumerable<NamedAsset> Leaves() => [this];

    internal sealed override string Text(bool inside) => this is AssetAlias ? $"alias {Name}" : Name;
}

/// <summary>Data that tasks make and other Dags wait for.</summary>
public sealed record Asset : NamedAsset
{
    /// <param name="name">Unique in the deployment.</param>
    /// <param name="uri">Where the data is, for people; nothing opens it.</param>
    /// <param name="extra">JSON object of whatever people should know about it; null for none.</param>
    public Asset(string name, string? uri = null, string? extra = null)
        : base(name) => (Uri, Extra) = (uri, extra);

    /// <summary>Where the data is, for people; nothing opens it.</summary>
    public string? Uri { get; }

    /// <summary>JSON object of whatever people should know about it.</summary>
    public string? Extra { get; }

    /// <inheritdoc/>
    public override bool Has(AssetEvent happened) => happened.Asset == Name;
}

/// <summary>A name for assets that are known only when a task runs: the task says which it has updated.</summary>
public sealed record AssetAlias(string Name) : NamedAsset(Name)
{
    /// <inheritdoc/>
    public override bool Has(AssetEvent happened) => happened.Alias == Name;
}

/// <summary>Every one of them.</summary>
public sealed record AllOfAssets(IReadOnlyList<AssetExpression> Of) : AssetExpression
{
    /// <inheritdoc/>
    public override bool IsMetBy(IReadOnlyList<AssetEvent> events) => Of.All(part => part.IsMetBy(events));

    internal override IEnumerable<NamedAsset> Leaves() => Of.SelectMany(part => part.Leaves());

    internal override string Text(bool inside) => Of.Count == 1 ? Of[0].Text(inside) : Group.Of(" & ", Of, inside);
}

/// <summary>At least one of them.</summary>
public sealed record AnyOfAssets(IReadOnlyList<AssetExpression> Of) : AssetExpression
{
    /// <inheritdoc/>
    public override bool IsMetBy(IReadOnlyList<AssetEvent> events) => Of.Any(part => part.IsMetBy(events));

    internal override IEnumerable<NamedAsset> Leaves() => Of.SelectMany(part => part.Leaves());

    internal override string Text(bool inside) => Of.Count == 1 ? Of[0].Text(inside) : Group.Of(" | ", Of, inside);
}

internal static class Group
{
    public static string Of(string between, IReadOnlyList<AssetExpression> parts, bool inside)
    {
        var text = string.Join(between, parts.Select(part => part.Text(inside: true)));
        return inside ? $"({text})" : text;
    }
}
