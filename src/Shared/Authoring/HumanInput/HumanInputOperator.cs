using System.Text.Json;
using Sluice.Authoring.Operators;
using Sluice.Core.HumanInput;

namespace Sluice.Authoring.HumanInput;

/// <summary>Asks a person, and ends with the answer. While it waits it holds no slot, however long that takes.</summary>
/// <remarks>
/// It is answered by <c>sluice tasks answer</c> or by the API; <c>sluice tasks waiting</c> lists what waits. The answer becomes the XCom
/// <c>return_value</c>: an object with chosen_options, params_input, responded_at, responded_by and note. A test run (<c>sluice dags test</c>) asks
/// nobody: it takes the answer given by <c>--answer</c>, else the defaults, else the first option, and says so.
/// </remarks>
public abstract class HumanInputOperator : Operator
{
    private protected HumanInputOperator()
    {
    }

    /// <summary>What is asked, in one line.</summary>
    [Templated]
    public string Subject { get; set; } = "";

    /// <summary>What there is to know before answering.</summary>
    [Templated(".md", ".txt")]
    public string? Body { get; set; }

    /// <summary>Options that are taken as the answer when nobody answers in time. Default: none.</summary>
    [Templated]
    public List<string> Defaults { get; set; } = [];

    /// <summary>What is to be filled in, with the values that stand there at first.</summary>
    [Templated]
    public Dictionary<string, object?> Params { get; set; } = [];

    /// <summary>A JSON Schema for each of <see cref="Params"/> that has one. One without a value there must be filled in.</summary>
    public Dictionary<string, object?> ParamsSchema { get; set; } = [];

    /// <summary>Who should answer: shown with the question, and kept with it. Anyone who may use the API can answer.</summary>
    [Templated]
    public List<string> AssignedUsers { get; set; } = [];

    /// <summary>How long it waits, from the moment at which it asks; null: for as long as it takes.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>What becomes of the task when nobody answers in time and there are no defaults. Default: it fails, without retry.</summary>
    public QuestionTimeout OnTimeout { get; set; }

    /// <inheritdoc/>
    public sealed override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        context.AskPerson(ToQuestion());
        return ValueTask.FromResult<object?>(null);
    }

    private protected abstract HumanQuestion Complete(HumanQuestion question);

    // Before templates are rendered only what they cannot change is judged.
    internal sealed override string? FindProblem()
    {
        var question = ToQuestion();
        var isTemplate = question.Options.Concat(question.Defaults).Append(question.Params).Any(text => text.Contains("{{", StringComparison.Ordinal) || text.Contains("{%", StringComparison.Ordinal));
        return isTemplate ? (question with { Options = ["any"], Defaults = [], Params = "{}" }).FindProblem() : question.FindProblem();
    }

    private HumanQuestion ToQuestion() => Complete(new()
    {
        Subject = Subject,
        Body = string.IsNullOrWhiteSpace(Body) ? null : Body,
        Options = [],
        Defaults = Defaults,
        Params = JsonSerializer.Serialize(Params),
        ParamsSchema = ParamsSchema.Count == 0 ? null : JsonSerializer.Serialize(ParamsSchema),
        Assignees = AssignedUsers,
        Timeout = Timeout,
        OnTimeout = OnTimeout,
    });
}
