namespace Sluice.Web.Tests.Pages;

/// <summary>One deployment and one browser for all pages.</summary>
[CollectionDefinition(Name)]
public sealed class PageTests : ICollectionFixture<Deployment>, ICollectionFixture<Browser>
{
    public const string Name = "pages";
}
