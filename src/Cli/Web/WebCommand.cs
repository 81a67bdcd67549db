using System.CommandLine;
using System.Text.Json;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;

namespace Sluice.Cli.Web;

/// <summary><c>sluice web</c>: where the web pages are.</summary>
internal static class WebCommand
{
    public static Command Create(CommandFactory factory) => factory.Remote(
        new("web", "Print the address of the web pages. It signs in who opens it: the token is in it.", "sluice web"),
        ShowAsync);

    private static async Task<int> ShowAsync(Invocation invocation, ApiClient api)
    {
        await api.NodesAsync(invocation.Cancel); // an address that would not work is of no use
        var address = api.SignInAddress.ToString();
        invocation.Terminal.Line(invocation.Json ? JsonSerializer.Serialize(new { address }) : address);
        return ExitCodes.Ok;
    }
}
