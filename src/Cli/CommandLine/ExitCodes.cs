namespace Sluice.Cli.CommandLine;

/// <summary>What the tool tells the shell.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>It was understood and did not work: a run failed, a check found problems, the deployment does not answer or refuses.</summary>
    public const int Failed = 1;

    /// <summary>The command line makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl-C.</summary>
    public const int Interrupted = 130;
}

/// <summary>The command line makes no sense: one sentence.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>It did not work: one sentence.</summary>
internal sealed class FailureException(string message) : Exception(message);
