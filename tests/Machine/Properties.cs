using System.Globalization;
using FsCheck;
using Microsoft.FSharp.Core;

namespace Sluice.Machine;

/// <summary>How properties are checked: on the same cases in every run, so that a run that fails fails again. SLUICE_TEST_SEED=N makes others.</summary>
internal static class Properties
{
    private const string Seed = "SLUICE_TEST_SEED";
    private const ulong Usual = 20_210_205;

    /// <param name="cases">How many are made.</param>
    public static Config Of(int cases = 100) => Config.QuickThrowOnFailure.WithMaxTest(cases)
        .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(Chosen()), FSharpOption<int>.None)));

    private static ulong Chosen() =>
        Environment.GetEnvironmentVariable(Seed) is { Length: > 0 } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : Usual;
}
