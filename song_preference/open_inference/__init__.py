"""Generated wire types of `protos/song_preference/open_inference`; never edited: `make protos` writes them."""
