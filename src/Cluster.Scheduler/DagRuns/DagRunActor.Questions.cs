using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Core.HumanInput;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.DagRuns;

/// <summary>A person answers a task that waits. Answered by an <see cref="AnswerTaken"/>, after the commit.</summary>
/// <param name="Task">Name of the instance.</param>
/// <param name="Answer">Made when its turn comes, with the time of then.</param>
internal sealed record AnswerQuestion(string Task, Func<DateTimeOffset, HumanAnswer> Answer);

/// <param name="Taken">The question with its answer; null when it was not taken.</param>
/// <param name="IsOpen">Whether there is a question that waits: then the answer itself cannot be taken.</param>
/// <param name="Refusal">One sentence.</param>
internal sealed record AnswerTaken(HumanQuestionRow? Taken, bool IsOpen = true, string? Refusal = null);

/// <content>Tasks that wait for a person.</content>
internal sealed partial class DagRunActor
{
    private readonly Dictionary<int, TaskAsked> _asked = []; // what the state forgets with the answer, and the rows still need
    private readonly Dictionary<int, HumanAnswer> _answers = [];

    private void Answer(AnswerQuestion answer)
    {
        var asker = Context.Sender;
        var asked = _run.Questions.FirstOrDefault(asked => _run.NameOf(asked.Task).Value == answer.Task);
        if (asked is null || _run.Phase != RunState.Running)
        {
            var instance = _run.Questions.FirstOrDefault(asked => DagRunState.MapIndexIn(_run.NameOf(asked.Task).Value, answer.Task) >= 0);
            asker?.Tell(new AnswerTaken(null, IsOpen: instance is not null, instance is null
                ? null
                : $"Task '{answer.Task}' is mapped; name the instance that asks, such as '{_run.NameOf(instance.Task)}'."));
            return;
        }

        if (asked.Question.Refuse(answer.Answer(Now), out var taken) is { } refusal)
        {
            asker?.Tell(new AnswerTaken(null, Refusal: refusal));
            return;
        }

        Apply(new AnswerTask(asked.Task, asked.Token, taken!));
        if (asker is not null)
        {
            _pending.OnCommitted.Add(new(asker, new AnswerTaken(DagRunRows.OfQuestion(_run, asked, QuestionState.Answered, taken!.At, taken))));
        }

        Advance();
    }

    private void Project(TaskAsked e, TaskOutcome outcome)
    {
        _asked[e.Task] = e;
        _out.Remove(e.Task);
        _freed.Add(new(new(_run.Facts.Key, e.Task), outcome.EndedAt - outcome.StartedAt));
        KeepSeen(e.Task, e.Token, outcome);
        _pending.Changes.Add(DagRunRows.OfAsked(_run, e));
        _pending.Changes.Add(DagRunRows.OfQuestion(_run, e, QuestionState.Waiting));
    }

    /// <summary>The end of a task that had asked: no worker has it any more.</summary>
    private void ProjectAnswered(TaskEnded e, TaskAsked asked)
    {
        var outcome = _answers.Remove(e.Task, out var answer) ? asked.Question.OutcomeOf(answer) : asked.Question.OutcomeOfSilence(e.At);
        outcome = outcome with { StartedAt = asked.StartedAt ?? default, EndedAt = e.At };
        _pending.Changes.Add(DagRunRows.OfQuestion(_run, asked, answer?.By is null ? QuestionState.TimedOut : QuestionState.Answered, e.At, answer));
        Project(e, asked.Worker ?? "", outcome, asked.DispatchedAt);
    }

    /// <summary>Nobody needs to answer any more.</summary>
    /// <param name="instance">Only if it asks.</param>
    /// <param name="why">For people.</param>
    /// <param name="ownToken">The change has a token of its own, so the attempt that asked is given an end.</param>
    private void Withdraw(int instance, string why, bool ownToken)
    {
        if (!_asked.Remove(instance, out var asked))
        {
            return;
        }

        _pending.Changes.Add(DagRunRows.OfQuestion(_run, asked, QuestionState.Withdrawn, Now));
        if (ownToken)
        {
            _pending.Changes.Add(DagRunRows.OfStopped(_run, instance, asked.Token, asked.Worker ?? "", asked.DispatchedAt, Now, why) with { StartedAt = asked.StartedAt });
        }
    }

    /// <summary>After a takeover.</summary>
    private void ResumeQuestions()
    {
        foreach (var asked in _run.Questions)
        {
            _asked[asked.Task] = asked;
        }
    }
}
