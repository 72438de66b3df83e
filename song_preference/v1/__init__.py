"""Generated wire types of `protos/song_preference/v1`; never edited: `make protos` writes them."""
