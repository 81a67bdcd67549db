using System.Globalization;
using Sluice.Core.Callbacks;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Callbacks;

/// <summary>Rows of the read model that follow from a callback's state.</summary>
internal static class CallbackRows
{
    /// <summary>Unique in the deployment, and never the same again.</summary>
    public static string EventIdOf(long key) => key.ToString("x16", CultureInfo.InvariantCulture);

    public static CallbackRow Of(CallbackState state) => new()
    {
        Key = state.Request.Key,
        Run = state.Request.Run.Key,
        Task = state.Request.Note.Instance is { } instance ? new(instance) : null,
        TryNumber = state.Request.Note.TryNumber,
        Event = state.Request.Note.On.Name(),
        Notifier = state.Request.Notifier,
        Deadline = state.Request.Note.Deadline,
        Why = state.Request.Note.Why,
        State = state.Worker is null ? "waiting" : "running",
        Worker = state.Worker,
        HandedOut = state.Token,
        RaisedAt = state.Request.Note.At,
        Error = state.IsStop ? state.LastLoss : null,
    };
}
