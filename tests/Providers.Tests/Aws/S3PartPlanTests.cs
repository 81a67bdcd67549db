using System.Security.Cryptography;
using Sluice.Providers.Aws.S3;

namespace Sluice.Providers.Tests.Aws;

/// <summary>The parts of an object: as large as S3 needs them, as few at once as memory allows.</summary>
public sealed class S3PartPlanTests
{
    private const int MiB = 1024 * 1024;

    [Theory]
    [InlineData(1, 1, 8)]
    [InlineData(1000, 1, 8)]
    [InlineData(1001, 1, 16)]
    [InlineData(2001, 1, 32)]
    [InlineData(3001, 1, 48)]
    [InlineData(10_000, 1, 48)]
    [InlineData(10_000, 2, 24)]
    [InlineData(10_000, 3, 16)]
    [InlineData(10_000, 4, 8)]
    [InlineData(10_000, 40, 8)]
    public void A_part_grows_with_its_object_up_to_half_of_its_writes_share(int number, int writers, int size) =>
        Assert.Equal(size * MiB, S3PartPlan.SizeOf(number, writers));

    // What docs/concepts/moving-data.md tells.
    [Theory]
    [InlineData(1, 382)]
    [InlineData(2, 210)]
    [InlineData(3, 148)]
    [InlineData(4, 78)]
    [InlineData(16, 78)]
    public void The_largest_object_is_bounded_by_the_parts_that_S3_takes(int writers, int gibibytes) =>
        Assert.Equal(gibibytes, Enumerable.Range(1, S3PartPlan.MostParts).Sum(number => (long)S3PartPlan.SizeOf(number, writers)) / (1024L * MiB));

    [Theory]
    [InlineData(1, 1, 40)]
    [InlineData(2, 1, 80)]
    [InlineData(4, 1, 96)]
    [InlineData(6, 1, 96)]
    [InlineData(1, 10_000, 96)]
    [InlineData(2, 10_000, 96)]
    [InlineData(3, 10_000, 96)]
    [InlineData(4, 10_000, 96)]
    [InlineData(10, 1, 160)] // of more than six each has two of the smallest
    public void All_writes_of_a_store_hold_no_more_than_its_budget(int writers, int number, int mebibytes)
    {
        var size = S3PartPlan.SizeOf(number, writers);
        var onTheirWay = 0;
        while (S3PartPlan.MayGo(onTheirWay, (onTheirWay + 2L) * size, writers))
        {
            onTheirWay++;
        }

        Assert.Equal(mebibytes, writers * (onTheirWay + 1) * size / MiB);
    }

    [Fact]
    public void A_part_of_several_buffers_reads_as_it_was_written_from_any_place()
    {
        var bytes = RandomNumberGenerator.GetBytes((20 * MiB) + 3);
        using var part = new S3Part(24 * MiB, new S3PartBuffers());
        var left = bytes.AsSpan();
        while (left.Length > 0)
        {
            left = left[part.Append(left[..Math.Min(left.Length, 3_000_017)])..];
        }

        Assert.Equal(Convert.ToBase64String(Md5(bytes)), part.Md5());
        using var stream = part.AsStream();
        using var read = new MemoryStream();
        foreach (var from in new[] { 0, (8 * MiB) - 1, 8 * MiB, bytes.Length })
        {
            (stream.Position, read.Position) = (from, 0);
            read.SetLength(0);
            stream.CopyTo(read);
            Assert.True(read.ToArray().AsSpan().SequenceEqual(bytes.AsSpan(from)));
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "It is S3's checksum.")]
    private static byte[] Md5(byte[] bytes) => MD5.HashData(bytes);
}
