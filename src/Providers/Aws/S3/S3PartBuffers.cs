using System.Buffers;

namespace Sluice.Providers.Aws.S3;

/// <summary>The buffers of one store's writes, and how many share them. They go with the store.</summary>
/// <remarks>
/// All are of one size, so that what a small part gave back serves a large one. The shared pool would keep one for each thread that ever gave one back, and parts are
/// filled and sent by many.
/// </remarks>
internal sealed class S3PartBuffers
{
    private readonly ArrayPool<byte> _pool = ArrayPool<byte>.Create(S3PartPlan.Unit, S3PartPlan.Budget / S3PartPlan.Unit);
    private int _writers;

    /// <summary>Writes that have parts.</summary>
    internal int Writers => Volatile.Read(ref _writers);

    internal void Join() => Interlocked.Increment(ref _writers);

    internal void Leave() => Interlocked.Decrement(ref _writers);

    /// <summary>Of <see cref="S3PartPlan.Unit"/> bytes.</summary>
    internal byte[] Rent() => _pool.Rent(S3PartPlan.Unit);

    internal void Return(byte[] buffer) => _pool.Return(buffer);
}
