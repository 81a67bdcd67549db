using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sluice.Core.Params;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.HumanInput;

/// <summary>What a task asks a person. Pure: who answers, and when, comes in with the <see cref="HumanAnswer"/>.</summary>
public sealed record HumanQuestion
{
    /// <summary>Most characters of a body, and of the params of an answer: both are kept in the journal.</summary>
    public const int MaxLength = 65_536;

    /// <summary>One line.</summary>
    public required string Subject { get; init; }

    /// <summary>What there is to know before answering; may be long.</summary>
    public string? Body { get; init; }

    /// <summary>What can be answered, in the order in which it is shown.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>What is taken as the answer when nobody answers in time; empty: none is.</summary>
    public IReadOnlyList<string> Defaults { get; init; } = [];

    /// <summary>More than one option may be chosen.</summary>
    public bool Multiple { get; init; }

    /// <summary>JSON object of what is to be filled in, with the values that stand there at first.</summary>
    public string Params { get; init; } = "{}";

    /// <summary>JSON object of one JSON Schema for each param that has one; null: none has.</summary>
    public string? ParamsSchema { get; init; }

    /// <summary>Who should answer, for those who look for it.</summary>
    public IReadOnlyList<string> Assignees { get; init; } = [];

    /// <summary>How long it waits; null: for as long as it takes.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>What becomes of the task when nobody answered in time and there are no defaults.</summary>
    public QuestionTimeout OnTimeout { get; init; }

    /// <summary>The option that says no; null: none does.</summary>
    public string? Rejecting { get; init; }

    /// <summary>What a no does.</summary>
    public Rejection OnReject { get; init; }

    /// <summary>What is wrong with the question itself: one sentence; null when nothing is.</summary>
    public string? FindProblem()
    {
        if (string.IsNullOrWhiteSpace(Subject))
        {
            return "subject is missing: say in one line what is asked.";
        }

        if (Subject.Length > 1000 || Body?.Length > MaxLength)
        {
            return Subject.Length > 1000
                ? $"subject has {Subject.Length} characters; it may have 1000, and body more."
                : $"body has {Body!.Length} characters; it may have {MaxLength}: give the address of what is longer.";
        }

        if (Options.Count == 0 || Options.Any(string.IsNullOrWhiteSpace) || Options.Distinct(StringComparer.OrdinalIgnoreCase).Count() < Options.Count)
        {
            return "options must name at least one option, none of them empty and none twice.";
        }

        if (Timeout <= TimeSpan.Zero)
        {
            return $"timeout is {Timeout:c}; use a duration above zero.";
        }

        if (Defaults.Count > 0 && Choose(Defaults, out var broken) is null)
        {
            return $"defaults: {broken}";
        }

        if (Parsed(Params) is not { ValueKind: JsonValueKind.Object } values || (ParamsSchema is not null && Parsed(ParamsSchema) is not { ValueKind: JsonValueKind.Object }))
        {
            return "params and params_schema must be JSON objects.";
        }

        foreach (var schema in Schemas())
        {
            if (JsonSchema.Problems(schema.Value).FirstOrDefault() is { } problem)
            {
                return $"the schema of param \"{schema.Name}\" {problem}.";
            }

            if (values.TryGetProperty(schema.Name, out var value) && JsonSchema.Check(value, schema.Value) is { } wrong)
            {
                return $"the default of param \"{schema.Name}\"{wrong}.";
            }
        }

        return null;
    }

    /// <summary>Why an answer cannot be taken: one sentence; null when it can, and then it stands in <paramref name="taken"/>, options spelled as the question has them.</summary>
    public string? Refuse(HumanAnswer answer, out HumanAnswer? taken)
    {
        taken = null;
        if (Choose(answer.Options, out var broken) is not { } options)
        {
            return broken;
        }

        if (Fill(answer.Params, out broken) is not { } filled)
        {
            return broken;
        }

        taken = answer with { Options = options, Params = filled };
        return null;
    }

    /// <summary>How the task ends with an answer that can be taken.</summary>
    public TaskOutcome OutcomeOf(HumanAnswer answer)
    {
        var rejected = Rejecting is { } no && answer.Options.Contains(no);
        return rejected && OnReject == Rejection.Fail
            ? new()
            {
                Kind = OutcomeKind.FailedFinally,
                Error = $"Rejected by {answer.By ?? "its default"}{(answer.Note is { } note ? $": {note}" : "")}.",
                EndedAt = answer.At,
            }
            : new()
            {
                Kind = OutcomeKind.Success,
                EndedAt = answer.At,
                SkipDownstream = !rejected ? null : OnReject == Rejection.SkipAll ? SkipScope.All : SkipScope.Direct,
                XComs = [new("return_value", answer.ToJson())],
            };
    }

    /// <summary>How the task ends when its time is up and it has no defaults.</summary>
    public TaskOutcome OutcomeOfSilence(DateTimeOffset at) => new()
    {
        Kind = OnTimeout == QuestionTimeout.Skip ? OutcomeKind.Skipped : OutcomeKind.FailedFinally,
        Error = $"Nobody answered within {Timeout:c}.",
        EndedAt = at,
    };

    private List<string>? Choose(IReadOnlyList<string> named, out string? broken)
    {
        var chosen = new List<string>();
        foreach (var name in named)
        {
            if (Options.FirstOrDefault(option => string.Equals(option, name.Trim(), StringComparison.OrdinalIgnoreCase)) is not { } option)
            {
                broken = $"'{name}' is no option; choose from: {string.Join(", ", Options)}.";
                return null;
            }

            if (!chosen.Contains(option))
            {
                chosen.Add(option);
            }
        }

        broken = chosen.Count == 0 && !Multiple ? $"Choose an option: {string.Join(", ", Options)}."
            : chosen.Count > 1 && !Multiple ? $"It takes one option, not {chosen.Count}; choose from: {string.Join(", ", Options)}."
            : null;
        return broken is null ? chosen : null;
    }

    private string? Fill(string given, out string? broken)
    {
        if (given.Length > MaxLength)
        {
            broken = $"The params of the answer have {given.Length} characters; they may have {MaxLength}.";
            return null;
        }

        var filled = JsonNode.Parse(Params)!.AsObject();
        JsonObject? answered;
        try
        {
            answered = JsonNode.Parse(given) as JsonObject;
        }
        catch (JsonException)
        {
            answered = null;
        }

        if (answered is null)
        {
            broken = "The params of an answer are a JSON object.";
            return null;
        }

        var schemas = Schemas().ToDictionary(schema => schema.Name, schema => schema.Value, StringComparer.Ordinal);
        var known = filled.Select(param => param.Key).Union(schemas.Keys).ToList();
        foreach (var (name, value) in answered)
        {
            if (!known.Contains(name))
            {
                broken = $"It asks for no param \"{name}\"{(known.Count == 0 ? "" : $", only for: {string.Join(", ", known)}")}.";
                return null;
            }

            filled[name] = value?.DeepClone();
        }

        foreach (var (name, schema) in schemas)
        {
            if (!filled.TryGetPropertyValue(name, out var value))
            {
                broken = $"It needs param \"{name}\".";
                return null;
            }

            if (JsonSchema.Check(JsonSerializer.SerializeToElement(value), schema) is { } wrong)
            {
                broken = $"Param \"{name}\"{wrong}.";
                return null;
            }
        }

        broken = null;
        return filled.ToJsonString();
    }

    private List<JsonProperty> Schemas() => ParamsSchema is null ? [] : [.. Parsed(ParamsSchema)!.Value.EnumerateObject()];

    private static JsonElement? Parsed(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What becomes of a task that nobody answers in time.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<QuestionTimeout>))]
public enum QuestionTimeout
{
    /// <summary>Fails, without retry.</summary>
    Fail,

    /// <summary>Is skipped.</summary>
    Skip,
}

/// <summary>What a no does.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Rejection>))]
public enum Rejection
{
    /// <summary>The task succeeds; what is directly after it is skipped, the rest goes by its trigger rules.</summary>
    SkipDirect,

    /// <summary>The task succeeds; everything after it but teardowns is skipped.</summary>
    SkipAll,

    /// <summary>The task fails, without retry.</summary>
    Fail,
}
