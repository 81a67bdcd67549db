using System.Diagnostics;
using System.Reflection;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Execution;

/// <summary>What an exception is called in one line, for whoever looks at a failed task.</summary>
internal static class AttemptErrors
{
    private const int Longest = 1000;

    /// <summary>The message; for exceptions that are not worded for people also the class and the author's line that it came from.</summary>
    public static string Describe(Exception exception)
    {
        exception = Unwrap(exception);
        return NeedsTrace(exception)
            ? OneLine($"{exception.GetType().Name}: {exception.Message}{Place(exception)}")
            : OneLine(exception.Message);
    }

    /// <summary>False for errors that say all there is in their message.</summary>
    public static bool NeedsTrace(Exception exception) =>
        Unwrap(exception) is not (TaskFailedException or TaskErrorException or TaskRetryException or TemplateFieldException or SqlHookException or OperatorArgumentException
            or ObjectExistsException);

    /// <summary>The text without line breaks, cut to what a table can hold.</summary>
    public static string OneLine(string text)
    {
        text = string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), "…");
    }

    /// <summary>What the author threw, without what the runtime wrapped around it.</summary>
    public static Exception Unwrap(Exception exception) => exception switch
    {
        AggregateException { InnerExceptions.Count: 1 } e => Unwrap(e.InnerExceptions[0]),
        TargetInvocationException { InnerException: { } inner } => Unwrap(inner),
        _ => exception,
    };

    private static string Place(Exception exception) =>
        new StackTrace(exception, fNeedFileInfo: true).GetFrames()
            .Where(frame => frame.GetFileLineNumber() > 0 && frame.GetMethod()?.Module.Assembly.IsCollectible == true)
            .Select(frame => $" ({Path.GetFileName(frame.GetFileName())}:{frame.GetFileLineNumber()})")
            .FirstOrDefault() ?? "";
}
