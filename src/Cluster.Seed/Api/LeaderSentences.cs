using System.Globalization;
using Sluice.Cluster.Seed.Membership;

namespace Sluice.Cluster.Seed.Api;

/// <summary>What people are told when the leader cannot answer: one sentence on who is missing since when, one on what to do.</summary>
internal static class LeaderSentences
{
    /// <summary>No scheduler is linked that leads; what was asked has not been done.</summary>
    public static string Nobody(SeedView view) => $"{Absence(view)} {Remedy} Then try again.";

    /// <summary>The leader went away with the question, which would change something.</summary>
    /// <param name="view">As it is now.</param>
    /// <param name="askedEpoch">Of the leader that was asked: there may be a newer one.</param>
    public static string Lost(SeedView view, long askedEpoch, string operation) => view.Leader?.Epoch > askedEpoch
        ? $"The leader changed before '{operation}' was answered; {Name(view)} leads now. {Fate(operation)}"
        : $"{Absence(view)} {Fate(operation)} {Remedy}";

    /// <summary>The leader is linked and says nothing.</summary>
    public static string Slow(SeedView view, string operation, TimeSpan waited, bool isRead) => string.Create(
        CultureInfo.InvariantCulture,
        $"The leader, {Name(view)}, did not answer '{operation}' within {waited.TotalSeconds:0.###} s; it was last heard at {At(view.HeardAt)}. {Next(operation, isRead)}");

    /// <summary>The leader answers that it could not find out (504).</summary>
    public static string GaveUp(string reason, string operation, bool isRead) => $"{reason.TrimEnd('.')}. {Next(operation, isRead)}";

    private const string Remedy = "A standby takes over when the lease has run out; if there is none, start a scheduler.";

    private static string Absence(SeedView view) => view.Leader is null
        ? $"No scheduler leads at the moment: none has told this seed that it does, since the seed began at {At(view.HeardAt)}."
        : $"No scheduler leads at the moment: the last leader, {Name(view)}, is silent since {At(view.HeardAt)}.";

    private static string Next(string operation, bool isRead) => isRead ? "Try again." : Fate(operation);

    private static string Fate(string operation) => $"It is not known whether '{operation}' was done: look before you ask for it again.";

    private static string Name(SeedView view) => $"{view.LeaderNode?.Name} at {view.Leader?.Address}";

    private static string At(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
