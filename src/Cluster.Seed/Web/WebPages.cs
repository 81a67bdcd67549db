using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Sluice.Cluster.Seed.Web;

/// <summary>Serves the pages, which were embedded when this was built (<c>src/Web</c>). They hold nothing of a deployment: all that they show they ask of the API, with its token.</summary>
internal static class WebPages
{
    private const string Prefix = "web/";
    private const string Index = "index.html";

    /// <summary>Scripts, styles and pictures of our own alone, and no page of others may frame ours.</summary>
    private const string SecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string Missing =
        """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>Sluice</title>
        <h1>Sluice is up</h1>
        <p>This program was built without its web pages: there was no npm, or it could not fetch their packages.
        Install Node.js 20.19 or later with npm, remove the folder <code>artifacts</code> and build again.
        <p>The API and the command line are complete without them.
        """;

    /// <param name="app">The seed's server.</param>
    public static void Map(WebApplication app) => Map(app, Read(typeof(WebPages).Assembly));

    internal static void Map(WebApplication app, FrozenDictionary<string, Page> pages)
    {
        foreach (var path in (string[])["/", "/dags/{**rest}"])
        {
            // An address of a page is the page's own business; ids in it may hold any character.
            app.MapGet(path, pages.TryGetValue(Index, out var index) ? http => SendAsync(http, index) : MissingAsync);
        }

        foreach (var (name, page) in pages)
        {
            if (name != Index)
            {
                app.MapGet("/" + name, http => SendAsync(http, page));
            }
        }
    }

    /// <summary>What was embedded in an assembly, by its path; empty when it was built without npm.</summary>
    internal static FrozenDictionary<string, Page> Read(Assembly assembly) => assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .Select(name => Page.Read(assembly, name))
        .ToFrozenDictionary(page => page.Name, StringComparer.Ordinal);

    private static Task SendAsync(HttpContext http, Page page)
    {
        Protect(http);
        var headers = http.Response.Headers;
        http.Response.ContentType = page.ContentType;

        // The build names scripts and styles by their content; the first page names them.
        headers.CacheControl = page.IsNamedByContent ? "public, max-age=31536000, immutable" : "no-cache";
        headers.Vary = HeaderNames.AcceptEncoding;
        var isZipped = http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        if (isZipped)
        {
            headers.ContentEncoding = "gzip";
        }

        var body = isZipped ? page.Zipped.Value : page.Content;
        http.Response.ContentLength = body.Length;
        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    private static Task MissingAsync(HttpContext http)
    {
        Protect(http);
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(Missing);
    }

    private static void Protect(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = SecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer"; // the first address may hold the token
    }

    /// <param name="Name">Path under the root.</param>
    /// <param name="Content">As the build wrote it.</param>
    internal sealed record Page(string Name, byte[] Content)
    {
        public string ContentType { get; } = Path.GetExtension(Name) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            _ => "application/octet-stream",
        };

        public bool IsNamedByContent { get; } = Name.StartsWith("assets/", StringComparison.Ordinal);

        public Lazy<byte[]> Zipped { get; } = new(() => Zip(Content));

        public static Page Read(Assembly assembly, string resource)
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            return new(resource[Prefix.Length..].Replace('\\', '/'), content); // a build on Windows names folders so
        }

        private static byte[] Zip(byte[] content)
        {
            using var zipped = new MemoryStream();
            using (var gzip = new GZipStream(zipped, CompressionLevel.Optimal))
            {
                gzip.Write(content);
            }

            return zipped.ToArray();
        }
    }
}
