namespace Sluice.Providers.Aws.S3;

/// <summary>How large the parts of an object are, and how many of them may be in memory. Pure.</summary>
/// <remarks>
/// All writes of one store share <see cref="Budget"/>, whatever the size of their objects: a write has at least one part on its way and one that fills, and these grow with the
/// object, since S3 takes 10,000 of them, until the two are the write's share. So the largest object is bounded, too.
/// </remarks>
internal static class S3PartPlan
{
    /// <summary>Bytes of the smallest part that is not the last, and of a buffer.</summary>
    internal const int Unit = 8 * 1024 * 1024;

    /// <summary>Bytes of parts that all writes of one store hold together; more than six of them hold two of the smallest parts each.</summary>
    internal const int Budget = 12 * Unit;

    /// <summary>So many S3 takes of one object.</summary>
    internal const int MostParts = 10_000;

    // Then they double.
    private const int PartsOfOneSize = 1000;

    // More do not make it faster.
    private const int MostOnTheirWay = 4;

    /// <summary>Bytes of a part.</summary>
    /// <param name="number">Of the part in its object, from 1.</param>
    /// <param name="writers">Writes of the store that have parts.</param>
    internal static int SizeOf(int number, int writers) =>
        (int)Math.Min((long)Unit << Math.Min((number - 1) / PartsOfOneSize, 7), Math.Max(Unit, Share(writers) / 2 / Unit * Unit));

    /// <summary>Whether a full part may go now, or has to wait until another has arrived.</summary>
    /// <param name="onTheirWay">Parts of the same object.</param>
    /// <param name="bytes">Of those, of the one that would go, and of the one that fills behind it.</param>
    /// <param name="writers">Writes of the store that have parts.</param>
    internal static bool MayGo(int onTheirWay, long bytes, int writers) =>
        onTheirWay == 0 || (onTheirWay < MostOnTheirWay && bytes <= Share(writers));

    private static int Share(int writers) => Budget / Math.Max(1, writers);
}
