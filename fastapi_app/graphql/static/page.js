const example = `# Will the listener like this song?
# Ctrl-Enter asks, Ctrl-Space suggests.
query Predict {
  predict(
    song: {
      speechiness: 0.0444
      energy: 0.521
      danceability: 0.514
      acousticness: 0.713
    }
  ) {
    label
    probability
    threshold
    model {
      name
      version
    }
  }
}
`;

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: window.location.pathname }),
    defaultQuery: example,
  }),
);
