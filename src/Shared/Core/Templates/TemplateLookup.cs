namespace Sluice.Core.Templates;

/// <summary>Where a value lies that Core cannot fetch itself.</summary>
public enum TemplateLookupKind
{
    /// <summary>The value is what <see cref="TemplateVariables.Connection"/> makes.</summary>
    Connection,

    /// <summary>The value is the variable's text, also for <c>var.json</c>.</summary>
    Variable,

    /// <summary>The name is the task id; the value is the pushed JSON, read by <see cref="TemplateValue.FromJson"/>.</summary>
    XCom,

    /// <summary>The name is an inlet's; the value is the list that <see cref="TemplateVariables.AssetEvents"/> makes.</summary>
    InletEvents,
}

/// <summary>Names one outside value.</summary>
/// <param name="Kind">Which store it lies in.</param>
/// <param name="Name">Connection id, variable name, task id, or name of an inlet.</param>
/// <param name="Key">The XCom's key; null for the other kinds.</param>
public sealed record TemplateLookup(TemplateLookupKind Kind, string Name, string? Key = null)
{
    public override string ToString() => Kind switch
    {
        TemplateLookupKind.Connection => $"connection '{Name}'",
        TemplateLookupKind.Variable => $"variable '{Name}'",
        TemplateLookupKind.InletEvents => $"list of events of '{Name}'",
        _ => $"XCom '{Key}' of task '{Name}'",
    };
}

/// <summary>The outside values fetched so far.</summary>
public interface ITemplateLookups
{
    /// <summary>False: not fetched yet. True with null: fetched, and there is none by that name.</summary>
    bool TryGet(TemplateLookup key, out TemplateValue? value);
}

/// <summary>No outside values: whatever is asked for does not exist.</summary>
public sealed class NoTemplateLookups : ITemplateLookups
{
    private NoTemplateLookups()
    {
    }

    public static NoTemplateLookups Instance { get; } = new();

    public bool TryGet(TemplateLookup key, out TemplateValue? value)
    {
        value = null;
        return true;
    }
}

/// <summary>Rendering needs an outside value that is not there yet: fetch it, then render again.</summary>
public sealed class TemplateLookupPendingException(TemplateLookup key) : Exception($"The {key} has not been fetched yet.")
{
    public TemplateLookup Key { get; } = key;
}
