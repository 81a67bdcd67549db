using Sluice.Cluster.Api;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.HumanInput;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Dags;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Api;

/// <content>What tasks ask people.</content>
internal sealed partial class OperatorApi
{
    private async Task<IReadOnlyList<QuestionSummary>> ListQuestionsAsync(QuestionFilter filter, CancellationToken cancel)
    {
        if (filter.Limit is < 1 or > 10_000)
        {
            throw new ApiException(400, $"limit is {filter.Limit}; it must be from 1 to 10000.");
        }

        DagId? dag = filter.DagId is { } id ? (await DagAsync(id, cancel)).Id : null;
        return [.. (await store.ReadModel.ListQuestionsAsync(new() { Dag = dag, Waiting = true, Limit = filter.Limit }, cancel)).Select(Summaries.Of)];
    }

    private async Task<QuestionSummary> AnswerAsync(AnswerRequest request, string who, CancellationToken cancel)
    {
        var conf = JsonObjectText(request.Params, "params");
        var by = string.IsNullOrWhiteSpace(request.By) ? who : request.By.Trim();
        if (request.Note is { Length: > 1000 } || by.Length > 200)
        {
            throw new ApiException(400, request.Note is { Length: > 1000 } note ? $"The note has {note.Length} characters; it may have 1000." : "The name of who answers has more than 200 characters.");
        }

        var run = await RunAsync(request.DagId, request.RunId, cancel);
        var spec = await SpecAsync(run.Facts.Version, cancel);
        if (!spec.Tasks.Any(task => task.Id.Value == request.TaskId || (task.Map is not null && DagRunState.MapIndexIn(request.TaskId, task.Id.Value) >= 0)))
        {
            throw await NoTaskAsync(run.Facts, request.TaskId, cancel);
        }

        var message = new AnswerQuestion(request.TaskId, at => new HumanAnswer
        {
            Options = request.Options,
            Params = conf,
            By = by,
            At = at,
            Note = string.IsNullOrWhiteSpace(request.Note) ? null : request.Note,
        });
        var found = await ToDagAsync<FoundRun>(run.Facts.Dag, new FindRun(run.Facts.Key), cancel);
        var answer = found.Run is { } living ? await AskRunAsync<AnswerTaken>(living, message, cancel) : new AnswerTaken(null, IsOpen: false);
        if (answer.Taken is { } taken)
        {
            Audit(true, who, Operations.AnswerQuestion, $"{run.Facts.Dag}/{run.Facts.Id}/{request.TaskId}", ApiJson.Serialize(request));
            return Summaries.Of(new AskedQuestion(run.Facts.Dag, run.Facts.Id, run.Facts.LogicalDate, taken));
        }

        throw answer.IsOpen
            ? new ApiException(400, answer.Refusal ?? "The answer cannot be taken.")
            : new ApiException(409, await WhyClosedAsync(run, request.TaskId, cancel));
    }

    private async Task<string> WhyClosedAsync(DagRunRow run, string task, CancellationToken cancel)
    {
        var latest = (await store.ReadModel.ListQuestionsAsync(new() { Run = run.Facts.Key, Limit = 10_000 }, cancel)).LastOrDefault(asked => asked.Row.Task.Value == task)?.Row;
        var subject = $"Task '{task}' of run '{run.Facts.Id}'";
        if (latest is null)
        {
            var state = (await store.ReadModel.ListTaskInstancesAsync(run.Facts.Key, cancel)).LastOrDefault(row => row.Task.Value == task)?.State;
            return $"{subject} has asked nobody; it is {(state ?? Core.TaskInstances.TaskState.None).Name()}.";
        }

        var at = latest.EndedAt?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        return latest.State switch
        {
            QuestionState.Answered => $"{subject} was answered by {latest.Answer!.By} at {at}: {string.Join(", ", latest.Answer.Options)}.",
            QuestionState.TimedOut => $"{subject} waited until {at}, and nobody answered in time.",
            QuestionState.Withdrawn => $"{subject} no longer asks; since {at} it was cleared or marked, or its run ended.",
            _ => $"{subject} asks, but its run has just ended or changed; try again.",
        };
    }
}
