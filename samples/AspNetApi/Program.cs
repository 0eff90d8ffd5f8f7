// An API whose endpoints take the tokens of `./touchstone serve --demo`. README.md shows these lines.
using System.Security.Claims;
using Touchstone.AspNetCore;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddAuthentication().AddTokenIntrospection(options =>
{
    options.Audiences = ["https://api.demo.example"];
    options.Introspection.Issuer = new Uri("http://127.0.0.1:5080");
    options.Introspection.ClientId = "demo-api";
    options.Introspection.ClientSecret = builder.Configuration["DEMO_API_SECRET"];
});
builder.Services.AddAuthorization();

var app = builder.Build();
app.MapGet("/orders", (ClaimsPrincipal user) => $"Orders of {user.Identity!.Name}\n").RequireScope("orders:read");
app.Run();
